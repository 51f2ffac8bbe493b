import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { type DicomListener, type ListenerOptions, openDicomListener } from "#platform/dicom/listener.ts";
import { commandPdus } from "#standards/dimse/message.ts";
import {
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  propose,
  storageOffer,
  VERIFICATION,
} from "#standards/dimse/negotiate.ts";
import { type Pdu, readPdu, writePdu } from "#standards/dimse/pdu.ts";

export const CT = "1.2.840.10008.5.1.4.1.1.2";
export const OFFER = storageOffer([CT], [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN]);

/** A plain listener that takes anyone, closed at the end of the test. */
export async function listenerFor(
  t: TestContext,
  options: Partial<ListenerOptions<string>> = {},
): Promise<DicomListener> {
  const listener = await openDicomListener<string>({
    bind: "127.0.0.1",
    port: 0,
    offer: OFFER,
    decide: async ({ callingAe }) => ({ accept: true, context: callingAe }),
    ...options,
  });
  t.after(() => listener.close(0));
  return listener;
}

export const request = propose({
  calledAe: "SAFELIGHT",
  callingAe: "WIRE",
  maxPduLength: 16384,
  contexts: [
    { abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_LITTLE_ENDIAN] },
    { abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] },
  ],
});
export const ECHO = commandPdus(
  1,
  { command: "C-ECHO-RQ", hasDataSet: false, messageId: 1, affectedSopClassUid: VERIFICATION },
  0,
);

/** A bare TCP peer that sends bytes as they are and reads whole PDUs. */
export class Wire {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.socket.on("data", (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#wake();
    });
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  send(...parts: (Uint8Array | Pdu)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : writePdu(part)))));
  }

  /** The next PDU, or "closed" when none comes any more. */
  async next(): Promise<Pdu | "closed"> {
    const bytes = await this.nextBytes();
    return bytes === "closed" ? bytes : readPdu(bytes);
  }

  /** The same as it stands on the wire. PS3.8 §9.3.1: type, reserved, length of what follows. */
  async nextBytes(): Promise<Buffer | "closed"> {
    for (;;) {
      const length = this.#bytes.length < 6 ? Number.POSITIVE_INFINITY : 6 + this.#bytes.readUInt32BE(2);
      if (this.#bytes.length >= length) {
        const pdu = this.#bytes.subarray(0, length);
        this.#bytes = this.#bytes.subarray(length);
        return pdu;
      }
      if (this.#ended) return "closed";
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
