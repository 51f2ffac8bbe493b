import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Fault } from "#kit/fault.ts";
import { type Clock, systemClock } from "#kit/time.ts";
import { isLoopback } from "#platform/config.ts";
import type { AcceptorOptions } from "#platform/dicom/acceptor.ts";
import type { Conversation } from "#platform/dicom/association/conversation.ts";
import { LISTENER_LIMITS, type ListenerLimits } from "#platform/dicom/limits.ts";
import { type Desk, Reception } from "#platform/dicom/reception.ts";
import { BCP_195, type PeerCertificate, peerCertificate } from "#platform/dicom/tls.ts";
import { Waiting } from "#platform/dicom/waiting.ts";

export type ListenerOptions<T> = Omit<AcceptorOptions<T>, "limits" | "clock"> & {
  /** An address to listen on; one that is not loopback needs `tls`. */
  bind: string;
  /** 0 means any free port. */
  port: number;
  /** PEM. No authority is named to peers: some would then keep a certificate of their own to themselves. */
  tls?: { key: string; cert: string };
  limits?: Partial<ListenerLimits>;
  clock?: Clock;
  /** Aborting closes the listener as `close` does. */
  signal?: AbortSignal;
};

export type DicomListener = {
  port: number;
  /** Takes no more associations, lets requests that have begun end, aborts what is left after `graceMs` (10 s). */
  close(graceMs?: number): Promise<void>;
};

/** Listens for DICOM associations. Fault `config.invalid` for an address beyond loopback without TLS, or one that cannot be had. */
export async function openDicomListener<T>(options: ListenerOptions<T>): Promise<DicomListener> {
  if (options.tls === undefined && !isLoopback(options.bind)) {
    throw new Fault(
      "config.invalid",
      `plain DICOM listens on loopback only, not on ${options.bind}: configure TLS for it`,
    );
  }
  const limits = { ...LISTENER_LIMITS, ...options.limits };
  const open = new Set<Conversation>();
  const waiting = new Waiting(limits);
  const desk: Desk<T> = {
    options: { ...options, limits, clock: options.clock ?? systemClock },
    perDevice: new Map(),
  };
  const server = serverFor(options, limits, (socket, certificate) => {
    const address = socket.remoteAddress ?? "";
    const { conversation } = new Reception(desk, socket, {
      address,
      encrypted: options.tls !== undefined,
      certificate,
      letIn: () => waiting.letIn(socket),
    });
    open.add(conversation);
    void conversation.closed.then(() => open.delete(conversation));
    conversation.upperLayer.open();
  });
  server.prependListener("connection", (socket: Socket) => waiting.enter(socket)); // over TLS: before the handshake
  await listening(server, options);
  const close = async (graceMs = 10_000): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const conversation of open) conversation.leave();
    const late = setTimeout(() => {
      for (const conversation of open) conversation.destroy();
      waiting.clear();
    }, graceMs);
    await closed;
    clearTimeout(late);
  };
  options.signal?.addEventListener("abort", () => void close(), { once: true });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : options.port, close };
}

type Take = (socket: Socket, certificate: PeerCertificate | null) => void;

function serverFor<T>(options: ListenerOptions<T>, limits: ListenerLimits, take: Take): Server {
  if (options.tls === undefined) return createServer({ noDelay: true }, (socket) => take(socket, null));
  const { key, cert } = options.tls;
  const server = createTlsServer({
    ...BCP_195,
    key,
    cert,
    honorCipherOrder: true,
    requestCert: true,
    rejectUnauthorized: false, // decision 14: a stranger gets A-ASSOCIATE-RJ and a record, not a broken handshake
    handshakeTimeout: limits.handshakeMs,
    noDelay: true,
  });
  server.on("secureConnection", (socket) => take(socket, peerCertificate(socket)));
  server.on("tlsClientError", (error: Error & { code?: string }, socket) => {
    options.onAborted?.({
      stage: "tls",
      address: socket.remoteAddress ?? "",
      because: error.code ?? "handshake failed",
    });
    socket.destroy();
  });
  return server;
}

function listening(server: Server, { bind, port }: { bind: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: Error & { code?: string }) =>
      reject(
        new Fault("config.invalid", `cannot listen on ${bind} port ${port} (${cause.code ?? "unknown"})`, { cause }),
      ),
    );
    server.listen(port, bind, resolve);
  });
}
