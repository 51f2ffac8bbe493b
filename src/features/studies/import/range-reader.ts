import { Readable } from "node:stream";
import yauzl from "yauzl";
import { Fault } from "#kit/fault.ts";

/** Bytes that can be read anywhere: from `start` up to and without `end`. */
export type Ranges = {
  bytes: number;
  range: (start: number, end: number) => AsyncIterable<Buffer>;
  /** Called when nobody reads any more. */
  close?: () => Promise<void>;
};

const CHUNK_BYTES = 65_536;
const CHUNKS_KEPT = 4;

/** What the ZIP reader reads from. An archive's headers lie close together: the last few chunks are kept. */
export class RangeReader extends yauzl.RandomAccessReader {
  readonly #source: Ranges;
  readonly #chunks = new Map<number, Promise<Buffer>>();

  constructor(source: Ranges) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#source.range(start, end), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#copy(buffer.subarray(offset, offset + length), position).then(
      () => callback(null),
      (error: unknown) => callback(error instanceof Error ? error : new Error("unreadable")),
    );
  }

  override close(callback: (error: Error | null) => void): void {
    (this.#source.close?.() ?? Promise.resolve()).then(
      () => callback(null),
      () => callback(null),
    );
  }

  async #copy(into: Buffer, position: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const at = position + done;
      const chunk = await this.#chunk(Math.floor(at / CHUNK_BYTES));
      const copied = chunk.copy(into, done, at % CHUNK_BYTES);
      if (copied === 0)
        throw new Fault("input.invalid", "The archive names bytes beyond its end.", { place: "archive" });
      done += copied;
    }
  }

  #chunk(number: number): Promise<Buffer> {
    const known = this.#chunks.get(number);
    if (known) return known;
    const start = Math.min(number * CHUNK_BYTES, this.#source.bytes);
    const chunk = whole(this.#source.range(start, Math.min(start + CHUNK_BYTES, this.#source.bytes)));
    this.#chunks.set(number, chunk);
    const oldest = this.#chunks.keys().next().value;
    if (this.#chunks.size > CHUNKS_KEPT && oldest !== undefined) this.#chunks.delete(oldest);
    return chunk;
  }
}

async function whole(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const kept: Buffer[] = [];
  for await (const piece of pieces) kept.push(piece);
  return Buffer.concat(kept);
}
