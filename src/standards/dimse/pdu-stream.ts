import { ByteReader, ByteWriter } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import { type FragmentKind, PDU_HEADER_BYTES, type Pdu, pduTypeOf, readPduBody } from "#standards/dimse/pdu.ts";

/** A piece of a presentation data value, a view of the bytes that were fed; `last` is true on the last piece of the message's command or data set. */
export type Fragment = { context: number; kind: FragmentKind; last: boolean; bytes: Uint8Array };

export type PduPart =
  | { is: "pdu"; pdu: Exclude<Pdu, { type: "P-DATA-TF" }> }
  | { is: "fragment"; fragment: Fragment }
  /** PS3.8 table 9-26: 1 unrecognized PDU, 6 invalid PDU parameter value. Nothing comes after it. */
  | { is: "invalid"; reason: 1 | 6; why: string };

export type PduLimits = {
  /** A longer P-DATA-TF PDU is invalid, whatever was negotiated. Bytes after the header. */
  maxDataPdu: number;
  /** A longer PDU of any other type is invalid. Bytes after the header. */
  maxOtherPdu: number;
};

export const PDU_LIMITS: PduLimits = { maxDataPdu: 1024 * 1024, maxOtherPdu: 256 * 1024 };

/** PS3.8 §9.3.5.1: item length (4), presentation context id (1), message control header (1). */
const PDV_HEADER_BYTES = 6;
const EMPTY = new Uint8Array(0);

type Phase =
  | { at: "header" }
  | { at: "body"; type: Exclude<Pdu["type"], "P-DATA-TF">; length: number; body: ByteWriter }
  | { at: "value-header"; pduLeft: number }
  | { at: "value"; pduLeft: number; left: number; context: number; kind: FragmentKind; last: boolean }
  | { at: "dead" };

/**
 * Reads a byte stream in pieces of any size as PDUs: P-DATA-TF values pass through as views as they arrive, other PDUs are
 * gathered within the limits. It never allocates what a length on the wire claims before that many bytes came.
 */
export class PduStream {
  readonly #limits: PduLimits;
  #phase: Phase = { at: "header" };
  #head = new ByteWriter(PDU_HEADER_BYTES);

  constructor(limits: PduLimits = PDU_LIMITS) {
    this.#limits = limits;
  }

  /** The parts that these bytes complete, in order. */
  *feed(bytes: Uint8Array): Generator<PduPart, void> {
    const input = new ByteReader(bytes, "dimse.malformed");
    try {
      while (input.left > 0 && this.#phase.at !== "dead") {
        const part = this.#advance(input);
        if (part !== undefined) yield part;
      }
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      yield this.#die(6, thrown.message);
    }
  }

  #advance(input: ByteReader): PduPart | undefined {
    switch (this.#phase.at) {
      case "header":
        return this.#header(input);
      case "body":
        return this.#body(input, this.#phase);
      case "value-header":
        return this.#valueHeader(input, this.#phase.pduLeft);
      case "value":
        return this.#value(input, this.#phase);
      case "dead":
        return undefined;
    }
  }

  #die(reason: 1 | 6, why: string): PduPart {
    this.#phase = { at: "dead" };
    this.#head = new ByteWriter(0);
    return { is: "invalid", reason, why };
  }

  /** Six bytes of a header, gathered across calls; undefined until all are there. */
  #gather(input: ByteReader): ByteReader | undefined {
    if (this.#head.length === 0 && input.left >= 6) return input.slice(6);
    this.#head.bytes(input.bytes(Math.min(6 - this.#head.length, input.left)));
    if (this.#head.length < 6) return undefined;
    const head = new ByteReader(this.#head.take(), "dimse.malformed");
    this.#head = new ByteWriter(6);
    return head;
  }

  #header(input: ByteReader): PduPart | undefined {
    const head = this.#gather(input);
    if (head === undefined) return undefined;
    const code = head.u8();
    head.skip(1);
    const length = head.u32();
    const type = pduTypeOf(code);
    if (type === undefined) return this.#die(1, `there is no PDU of type ${code}`);
    const max = type === "P-DATA-TF" ? this.#limits.maxDataPdu : this.#limits.maxOtherPdu;
    if (length > max) return this.#die(6, `a ${type} PDU of ${length} bytes is longer than the ${max} allowed`);
    if (type === "P-DATA-TF") {
      if (length < PDV_HEADER_BYTES) return this.#die(6, "a P-DATA-TF PDU holds no presentation data value");
      this.#phase = { at: "value-header", pduLeft: length };
      return undefined;
    }
    this.#phase = { at: "body", type, length, body: new ByteWriter(Math.min(length, 4096)) };
    return length === 0 ? this.#finish(this.#phase) : undefined;
  }

  #body(input: ByteReader, phase: Extract<Phase, { at: "body" }>): PduPart | undefined {
    phase.body.bytes(input.bytes(Math.min(phase.length - phase.body.length, input.left)));
    return phase.body.length < phase.length ? undefined : this.#finish(phase);
  }

  #finish({ type, body }: Extract<Phase, { at: "body" }>): PduPart {
    this.#phase = { at: "header" };
    const pdu = readPduBody(type, new ByteReader(body.take(), "dimse.malformed"));
    if (pdu.type === "P-DATA-TF") throw new Fault("internal", "P-DATA-TF is not gathered");
    return { is: "pdu", pdu };
  }

  #valueHeader(input: ByteReader, pduLeft: number): PduPart | undefined {
    const head = this.#gather(input);
    if (head === undefined) return undefined;
    const length = head.u32();
    const context = head.u8();
    const control = head.u8();
    const rest = pduLeft - 4 - length;
    if (length < 2 || rest < 0 || (rest > 0 && rest < PDV_HEADER_BYTES)) {
      return this.#die(6, `a presentation data value of ${length} bytes does not fit its PDU`);
    }
    const kind: FragmentKind = control & 1 ? "command" : "data-set";
    const last = (control & 2) !== 0;
    this.#phase = { at: "value", pduLeft: rest, left: length - 2, context, kind, last };
    return length === 2 ? this.#endValue(this.#phase, EMPTY) : undefined;
  }

  #value(input: ByteReader, phase: Extract<Phase, { at: "value" }>): PduPart {
    const bytes = input.bytes(Math.min(phase.left, input.left));
    phase.left -= bytes.length;
    if (phase.left === 0) return this.#endValue(phase, bytes);
    return { is: "fragment", fragment: { context: phase.context, kind: phase.kind, last: false, bytes } };
  }

  #endValue({ pduLeft, context, kind, last }: Extract<Phase, { at: "value" }>, bytes: Uint8Array): PduPart {
    this.#phase = pduLeft === 0 ? { at: "header" } : { at: "value-header", pduLeft };
    return { is: "fragment", fragment: { context, kind, last, bytes } };
  }
}
