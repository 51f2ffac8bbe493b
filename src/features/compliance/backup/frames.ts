import { ByteReader, ByteWriter } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";

/**
 * The inside of a sealed dump: frames of a kind (1 byte) and a length (4 bytes, big-endian). A header opens a table or a file
 * and is JSON; data are PostgreSQL's COPY text or the file's bytes; an end says how many rows or bytes there were; the last
 * frame closes the dump.
 */
export type Frame =
  | { kind: "table"; name: string; columns: string[] }
  | { kind: "file"; name: string; mode: number }
  | { kind: "data"; bytes: Uint8Array }
  | { kind: "end"; count: number }
  | { kind: "close"; frames: number };

const KINDS = ["table", "file", "data", "end", "close"] as const;
const HEAD = 5;
/** COPY's rows come in pieces of the driver's buffers; anything much longer is no frame of ours. */
const LONGEST = 256 * 1024 * 1024;

export function writeFrame(frame: Frame): Uint8Array[] {
  const body = frame.kind === "data" ? frame.bytes : Buffer.from(JSON.stringify(frame), "utf8");
  const head = new ByteWriter(HEAD).u8(KINDS.indexOf(frame.kind)).u32(body.length).take();
  return [head, body];
}

/** The frames in a stream of pieces of any size. @throws Fault seal.broken for what is no dump */
export async function* readFrames(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void, undefined> {
  let held: Uint8Array = new Uint8Array(0);
  for await (const piece of pieces) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    let at = 0;
    for (let next = frameAt(held, at); next !== undefined; next = frameAt(held, at)) {
      yield next.frame;
      at = next.end;
    }
    held = held.subarray(at);
  }
  if (held.length > 0) throw broken();
}

function frameAt(bytes: Uint8Array, at: number): { frame: Frame; end: number } | undefined {
  if (bytes.length - at < HEAD) return undefined;
  const reader = new ByteReader(bytes.subarray(at), "seal.broken");
  const kind = KINDS[reader.u8()];
  const length = reader.u32();
  if (kind === undefined || length > LONGEST) throw broken();
  if (reader.left < length) return undefined;
  const body = reader.bytes(length);
  const end = at + HEAD + length;
  if (kind === "data") return { frame: { kind, bytes: body }, end };
  const frame = JSON.parse(Buffer.from(body).toString("utf8")) as Frame;
  if (frame.kind !== kind) throw broken();
  return { frame, end };
}

const broken = (): Fault => new Fault("seal.broken", "This dump is not written as a backup's is; take another backup.");
