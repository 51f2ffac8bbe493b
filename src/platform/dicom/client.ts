import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Fault, faultOf } from "#kit/fault.ts";
import { isLoopback } from "#platform/config.ts";
import { Conversation } from "#platform/dicom/association/conversation.ts";
import type { Answer, Incoming } from "#platform/dicom/association/incoming.ts";
import type { DataSetSource } from "#platform/dicom/association/sender.ts";
import { BCP_195, peerCertificate } from "#platform/dicom/tls.ts";
import type { CommandOf } from "#standards/dimse/command.ts";
import { type AcceptedContexts, agreed, type Proposal, propose, VERIFICATION } from "#standards/dimse/negotiate.ts";
import type { AssociateAc, AssociateRj, AssociateRq } from "#standards/dimse/pdu.ts";

/** Milliseconds. */
export type ClientTimeouts = {
  connectMs: number;
  associateMs: number;
  /** From a request to its response, and from one pending response to the next. */
  responseMs: number;
  releaseMs: number;
  /** PS3.8 §9.1.4: how long the peer may take to close after an abort. */
  artimMs: number;
};
export const CLIENT_TIMEOUTS: ClientTimeouts = {
  connectMs: 10_000,
  associateMs: 30_000,
  responseMs: 120_000,
  releaseMs: 10_000,
  artimMs: 5_000,
};

export type AssociationOptions = Omit<Proposal, "maxPduLength"> & {
  host: string;
  port: number;
  /**
   * PEM. The peer must be certified by `ca` for its host name, or hold the one certificate of `fingerprint` (SHA-256, lower-case
   * hexadecimal). Without `tls` only loopback is spoken to.
   */
  tls?: { key?: string; cert?: string; ca?: string; servername?: string; fingerprint?: string };
  /** Bytes of a P-DATA-TF PDU that the peer may send, 128 KiB by default. */
  maxPdu?: number;
  timeouts?: Partial<ClientTimeouts>;
  /** Serves requests of the peer (C-GET's C-STORE, N-EVENT-REPORT); without it they are answered 0211. */
  serve?: (incoming: Incoming) => Promise<Answer>;
  /** Aborts the association. */
  signal?: AbortSignal;
};

export type StoreItem = {
  sopClass: string;
  sopInstance: string;
  transferSyntax: string;
  /** The data set alone, without preamble and group 0002, in that transfer syntax. */
  dataSet: DataSetSource | Uint8Array;
  priority?: number;
  moveOriginator?: { ae: string; messageId: number };
};

export type DimseResult = { status: number; errorComment?: string; offendingElement?: readonly number[] };

export type OpenAssociation = {
  /** What the peer accepted, by context id. */
  accepted: AcceptedContexts;
  /** Requests beyond storage, and their responses. */
  conversation: Conversation;
  echo(): Promise<DimseResult>;
  /** Fault `answer.not-acceptable` when no accepted context fits; a status that is not success is returned, not thrown. */
  store(item: StoreItem): Promise<DimseResult>;
  /** A-RELEASE; settles when the connection is closed. */
  release(): Promise<void>;
  /** A-ABORT; settles when the connection is closed. */
  abort(): Promise<void>;
};

/** The peer answered with A-ASSOCIATE-RJ. */
export class AssociationRejected extends Fault {
  readonly rejection: AssociateRj;

  constructor(rejection: AssociateRj) {
    super(
      "peer.refused",
      `the peer rejected the association (result ${rejection.result}, source ${rejection.source}, reason ${rejection.reason})`,
    );
    this.rejection = rejection;
  }
}

/** Opens an association as requestor. Fault `peer.refused` (AssociationRejected for an A-ASSOCIATE-RJ), `peer.silent`, `config.invalid`. */
export async function openAssociation(options: AssociationOptions): Promise<OpenAssociation> {
  const timeouts = { ...CLIENT_TIMEOUTS, ...options.timeouts };
  const request = propose({ ...options, maxPduLength: options.maxPdu ?? 128 * 1024 });
  const socket = await connectTo(options, timeouts.connectMs);
  const opened = Promise.withResolvers<AcceptedContexts>();
  const conversation = new Conversation(
    {
      socket,
      artimMs: timeouts.artimMs,
      idleMs: Number.POSITIVE_INFINITY,
      stallMs: 60_000,
      serve: options.serve ?? (async () => ({ status: 0x0211 })),
      tell: (what) => {
        if (what.is === "accepted") opened.resolve(establish(conversation, request, what.pdu));
        else if (what.is === "rejected") opened.reject(new AssociationRejected(what.pdu));
      },
      ended: ({ because }) => opened.reject(because),
    },
    "requestor",
  );
  const stop = (): void => conversation.abort(new Fault("request.cancelled", "the association was cancelled"));
  options.signal?.addEventListener("abort", stop, { once: true });
  void conversation.closed.then(() => options.signal?.removeEventListener("abort", stop));
  conversation.upperLayer.open(request);
  const late = setTimeout(
    () => conversation.abort(new Fault("peer.silent", "the peer did not answer the association request")),
    timeouts.associateMs,
  );
  try {
    return associationOn(conversation, await opened.promise, timeouts);
  } catch (thrown) {
    conversation.abort(faultOf(thrown));
    throw thrown;
  } finally {
    clearTimeout(late);
  }
}

/** At once: the peer may send its first request together with its acceptance. A reply that cannot be ends the association. */
function establish(conversation: Conversation, request: AssociateRq, reply: AssociateAc): AcceptedContexts {
  try {
    const accepted = agreed(request, reply);
    conversation.establish(accepted, reply.user.maxPduLength ?? 0);
    return accepted;
  } catch (thrown) {
    conversation.abort(faultOf(thrown));
    return new Map();
  }
}

function associationOn(
  conversation: Conversation,
  accepted: AcceptedContexts,
  { responseMs, releaseMs }: ClientTimeouts,
): OpenAssociation {
  const contextFor = (sopClass: string, transferSyntax?: string): number => {
    for (const context of accepted.values()) {
      if (context.abstractSyntax === sopClass && (transferSyntax ?? context.transferSyntax) === context.transferSyntax)
        return context.id;
    }
    throw new Fault(
      "answer.not-acceptable",
      `the peer accepted no presentation context for ${sopClass} in ${transferSyntax ?? "any transfer syntax"}`,
    );
  };
  return {
    accepted,
    conversation,
    async echo() {
      const request = (messageId: number): CommandOf<"C-ECHO-RQ"> => ({
        command: "C-ECHO-RQ",
        hasDataSet: false,
        messageId,
        affectedSopClassUid: VERIFICATION,
      });
      const { response, dataSet: unasked } = await conversation.ask(contextFor(VERIFICATION), request, { responseMs });
      unasked?.discard();
      return resultOf(response);
    },
    async store(item) {
      const dataSet = item.dataSet instanceof Uint8Array ? [item.dataSet] : item.dataSet;
      const context = contextFor(item.sopClass, item.transferSyntax);
      const { response, dataSet: unasked } = await conversation.ask(
        context,
        (messageId) => storeRequest(item, messageId),
        {
          responseMs,
          dataSet,
        },
      );
      unasked?.discard();
      return resultOf(response);
    },
    async release() {
      if (!conversation.upperLayer.wish({ evt: "Evt11" })) return conversation.closed;
      const late = setTimeout(
        () => conversation.abort(new Fault("peer.silent", "the peer did not answer the release")),
        releaseMs,
      );
      await conversation.closed;
      clearTimeout(late);
    },
    async abort() {
      conversation.abort(new Fault("request.cancelled", "the association was aborted by this side"));
      await conversation.closed;
    },
  };
}

function storeRequest(
  { sopClass, sopInstance, priority, moveOriginator }: StoreItem,
  messageId: number,
): CommandOf<"C-STORE-RQ"> {
  return {
    command: "C-STORE-RQ",
    hasDataSet: true,
    messageId,
    affectedSopClassUid: sopClass,
    affectedSopInstanceUid: sopInstance,
    priority: priority ?? 0,
    ...(moveOriginator === undefined
      ? {}
      : { moveOriginatorAe: moveOriginator.ae, moveOriginatorMessageId: moveOriginator.messageId }),
  };
}

function resultOf({ status, errorComment, offendingElement }: DimseResult): DimseResult {
  return {
    status,
    ...(errorComment === undefined ? {} : { errorComment }),
    ...(offendingElement === undefined ? {} : { offendingElement }),
  };
}

/** A connected socket, after the handshake and the check of the peer's certificate. */
function connectTo({ host, port, tls, signal }: AssociationOptions, connectMs: number): Promise<Socket> {
  if (tls === undefined && !isLoopback(host)) {
    throw new Fault("config.invalid", `plain DICOM is spoken on loopback only, not to ${host}: configure TLS for it`);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const pinned = tls?.fingerprint;
  const secure =
    tls === undefined
      ? undefined
      : connectTls({ ...BCP_195, ...tls, host, port, rejectUnauthorized: pinned === undefined });
  const socket = secure ?? connect({ host, port, noDelay: true });
  const fail = (fault: Fault): void => {
    socket.destroy();
    reject(fault);
  };
  const late = setTimeout(
    () => fail(new Fault("peer.silent", `${host} port ${port} did not answer in time`)),
    connectMs,
  );
  const stop = (): void => fail(new Fault("request.cancelled", "the association was cancelled"));
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  const failed = (cause: Error & { code?: string }): void =>
    fail(new Fault("peer.refused", `cannot connect to ${host} port ${port} (${cause.code ?? "unknown"})`, { cause }));
  socket.once("error", failed);
  socket.once(tls === undefined ? "connect" : "secureConnect", () => {
    socket.off("error", failed);
    if (pinned !== undefined && secure !== undefined && peerCertificate(secure)?.fingerprint !== pinned) {
      return fail(new Fault("peer.refused", `${host} port ${port} shows another certificate than the one registered`));
    }
    resolve(socket);
  });
  return promise.finally(() => {
    clearTimeout(late);
    signal?.removeEventListener("abort", stop);
  });
}
