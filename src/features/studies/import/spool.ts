import { Readable } from "node:stream";
import yauzl from "yauzl";
import type { ArchiveSource } from "#features/studies/import/archive.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { type Blobs, newBlobName } from "#platform/blobs/blobs.ts";
import { newObjectKey } from "#trust/keys/wrap.ts";
import { CHUNK_BYTES, plainSize } from "#trust/seal/layout.ts";
import { openRange, readRange, type SealedSource } from "#trust/seal/range.ts";
import { Sealer } from "#trust/seal/sealer.ts";

/**
 * Keeps a stream in the blob store while `use` reads it anywhere: sealed under a key that only this call holds, and removed
 * afterwards. Plain text never reaches a disk; what a crash leaves opens for nobody and goes at the next start.
 * @throws Fault input.too-large beyond `max` bytes, storage.*
 */
export async function withSpool<T>(
  blobs: Blobs,
  bytes: AsyncIterable<Uint8Array>,
  max: number,
  use: (source: ArchiveSource) => Promise<T>,
): Promise<T> {
  const name = newBlobName();
  const [key, objectId] = [newObjectKey(), uuidv7()];
  const sealer = new Sealer({ key, objectId });
  const writer = await blobs.create(name);
  let sealedBytes = 0;
  const write = async (pieces: Buffer[]): Promise<void> => {
    for (const piece of pieces) sealedBytes += piece.length;
    await writer.write(pieces);
  };
  try {
    for await (const chunk of bytes) {
      await write(sealer.update(chunk));
      if (sealer.plainBytes > max) throw new Fault("input.too-large", `The archive is larger than ${max} bytes.`);
    }
    await write(sealer.final());
    await writer.commit();
  } catch (thrown) {
    await writer.abort();
    throw thrown;
  }
  try {
    const readAt = (offset: number, length: number) => blobs.readAt(name, offset, length);
    const source: SealedSource = { key, objectId, sealedBytes, readAt };
    return await use({ reader: new SealedReader(source), bytes: sealer.plainBytes });
  } finally {
    await blobs.remove(name).catch(() => undefined); // the start-up sweep takes what this leaves
  }
}

const CHUNKS_KEPT = 4;

/** The sealed spool as the ZIP reader wants it. Headers lie close together: the last few chunks stay open. */
class SealedReader extends yauzl.RandomAccessReader {
  readonly #source: SealedSource;
  readonly #chunks = new Map<number, Promise<Buffer>>();

  constructor(source: SealedSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(openRange(this.#source, start, end), { objectMode: false });
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
    const start = number * CHUNK_BYTES;
    const end = Math.min(start + CHUNK_BYTES, plainSize(this.#source.sealedBytes));
    const chunk = start >= end ? Promise.resolve(Buffer.alloc(0)) : readRange(this.#source, start, end);
    this.#chunks.set(number, chunk);
    const oldest = this.#chunks.keys().next().value;
    if (this.#chunks.size > CHUNKS_KEPT && oldest !== undefined) this.#chunks.delete(oldest);
    return chunk;
  }
}
