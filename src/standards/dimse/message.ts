import { ByteWriter } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import { type Command, readCommand, writeCommand } from "#standards/dimse/command.ts";
import { type FragmentKind, PDU_TYPES, writePdu } from "#standards/dimse/pdu.ts";
import type { Fragment } from "#standards/dimse/pdu-stream.ts";

/** A command set beyond this is no command set; the longest real ones hold an Attribute Identifier List. */
export const MAX_COMMAND_BYTES = 64 * 1024;

/** PDV item header: length, context id, message control header (PS3.8 §9.3.5.1). */
const PDV_OVERHEAD = 6;

/** What we send at most in one PDU when the peer set no limit. */
const UNLIMITED_PDU = 128 * 1024;

/** Where one direction of an association stands: between messages, inside a command set, or inside a data set. PS3.7 §6.3, PS3.8 annex E. */
export type Assembly =
  | { readonly at: "start" }
  | { readonly at: "command"; readonly context: number; readonly gathered: ByteWriter }
  | { readonly at: "data-set"; readonly context: number };

export const ASSEMBLY_START: Assembly = { at: "start" };

export type MessagePart =
  | { is: "command"; context: number; command: Command }
  /** Views, in order; `last` ends the data set of the command that came before. */
  | { is: "data"; bytes: Uint8Array; last: boolean };

/** Takes the next fragment of an association's incoming direction. Fault `dimse.malformed` for fragments out of order, of another context, or a command set that is none. */
export function assemble(assembly: Assembly, fragment: Fragment): [Assembly, MessagePart | undefined] {
  if (assembly.at !== "start" && assembly.context !== fragment.context) {
    throw new Fault(
      "dimse.malformed",
      `a fragment of presentation context ${fragment.context} stands inside a message of ${assembly.context}`,
    );
  }
  if (fragment.kind === "data-set") {
    if (assembly.at !== "data-set") throw new Fault("dimse.malformed", "a data set fragment comes without its command");
    return [fragment.last ? ASSEMBLY_START : assembly, { is: "data", bytes: fragment.bytes, last: fragment.last }];
  }
  if (assembly.at === "data-set") throw new Fault("dimse.malformed", "a command fragment stands inside a data set");
  return assembleCommand(assembly, fragment);
}

function assembleCommand(
  assembly: Exclude<Assembly, { at: "data-set" }>,
  fragment: Fragment,
): [Assembly, MessagePart | undefined] {
  const { context } = fragment;
  const gathered = assembly.at === "command" ? assembly.gathered : undefined;
  if ((gathered?.length ?? 0) + fragment.bytes.length > MAX_COMMAND_BYTES) {
    throw new Fault("dimse.malformed", `a command set is longer than ${MAX_COMMAND_BYTES} bytes`);
  }
  if (!fragment.last)
    return [{ at: "command", context, gathered: (gathered ?? new ByteWriter()).bytes(fragment.bytes) }, undefined];
  const command = readCommand(gathered === undefined ? fragment.bytes : gathered.bytes(fragment.bytes).take());
  return [command.hasDataSet ? { at: "data-set", context } : ASSEMBLY_START, { is: "command", context, command }];
}

/** Bytes of one value that fit a PDU of the peer's maximum length (0: no limit). PS3.8 annex D.1.1. */
export function payloadSize(maxPduLength: number): number {
  const pdu = maxPduLength === 0 ? UNLIMITED_PDU : Math.min(maxPduLength, UNLIMITED_PDU);
  return Math.max(pdu - PDV_OVERHEAD, 2) & ~1; // PS3.8 annex D.1.1: fragments have an even number of bytes
}

/** One P-DATA-TF PDU with one value; `bytes` must fit `payloadSize`. */
export function dataPdu(context: number, kind: FragmentKind, bytes: Uint8Array, last: boolean): Uint8Array {
  return writePdu({ type: "P-DATA-TF", values: [{ context, kind, last, bytes }] });
}

/** A command set as P-DATA-TF PDUs in one piece of memory, so that one write sends it. `maxPduLength` is the peer's. */
export function commandPdus(context: number, command: Command, maxPduLength: number): Uint8Array {
  const bytes = writeCommand(command);
  const size = payloadSize(maxPduLength);
  if (bytes.length <= size) return dataPdu(context, "command", bytes, true);
  const out = new ByteWriter(bytes.length * 2);
  for (let at = 0; at < bytes.length; at += size) {
    out.bytes(dataPdu(context, "command", bytes.subarray(at, at + size), at + size >= bytes.length));
  }
  return out.take();
}

/** PDUs are gathered into writes of about this many bytes, so that a cipher below has whole records to fill. */
const WRITE_BYTES = 256 * 1024;

/** A data set as P-DATA-TF PDUs, several to a write; `head` goes in front of the first. `maxPduLength` is the peer's. */
export async function* dataSetPdus(
  context: number,
  dataSet: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxPduLength: number,
  head: Uint8Array,
): AsyncGenerator<Uint8Array, void> {
  const size = payloadSize(maxPduLength);
  let out = new ByteWriter(WRITE_BYTES + size).bytes(head);
  let rest = new Uint8Array(0);
  for await (const chunk of dataSet) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; bytes.length - at > size; at += size) {
      writeValue(out, context, bytes.subarray(at, at + size), false);
      if (out.length >= WRITE_BYTES) {
        yield out.take();
        out = new ByteWriter(WRITE_BYTES + size);
      }
    }
    rest = Uint8Array.from(bytes.subarray(at)); // a copy: the source may use its buffer again
  }
  writeValue(out, context, rest, true);
  yield out.take();
}

/** PS3.8 §9.3.5: a P-DATA-TF PDU with one value of a data set. */
function writeValue(out: ByteWriter, context: number, bytes: Uint8Array, last: boolean): void {
  out
    .u8(PDU_TYPES["P-DATA-TF"])
    .u8(0)
    .u32(bytes.length + PDV_OVERHEAD);
  out
    .u32(bytes.length + 2)
    .u8(context)
    .u8(last ? 2 : 0)
    .bytes(bytes);
}
