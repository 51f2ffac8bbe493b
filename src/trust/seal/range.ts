import { BufferPool } from "#kit/buffer-pool.ts";
import { Fault } from "#kit/fault.ts";
import {
  CHUNK_BYTES,
  checkHeader,
  HEADER_BYTES,
  type Layout,
  layoutOf,
  plainSize,
  SEALED_CHUNK_BYTES,
  type SealKey,
  TAG_BYTES,
} from "./layout.ts";
import { checkClosing, openChunk } from "./opener.ts";

/** A sealed object that can be read anywhere. */
export type SealedSource = SealKey & {
  /** Bytes of the sealed object, from its record rather than from the store: a record that was committed cannot be cut. */
  sealedBytes: number;
  /** Exactly `length` bytes at `offset` of the sealed object, or fewer where it ends (which is then found broken); they may lie in `into`. */
  readAt: (offset: number, length: number, into: Buffer) => Promise<Uint8Array>;
};

/** At most this many sealed chunks are read at once: 1 MiB of plain text. */
const CHUNKS_PER_READ = 16;
/** Where sealed chunks are read to; what is yielded lies elsewhere. */
const SEALED = new BufferPool({ bytes: HEADER_BYTES + CHUNKS_PER_READ * SEALED_CHUNK_BYTES, most: 16 });

/**
 * The plain bytes from `start` up to, not including, `end`, reading and opening only the chunks they touch; what is
 * yielded is proven to stand at that place of that object. A range does not prove what it does not touch: `checkWhole`
 * proves the length, `openSealed` everything. A range that begins in the first chunk also compares the header.
 * Throws `input.invalid` for a range outside the object, `seal.broken`.
 */
export async function* openRange(
  source: SealedSource,
  start: number,
  end: number,
): AsyncGenerator<Buffer, void, undefined> {
  const plainBytes = plainSize(source.sealedBytes);
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start || end > plainBytes) {
    throw new Fault("input.invalid", `bytes ${start} to ${end} are not within the object's ${plainBytes}`);
  }
  if (start === end) return;
  const layout = layoutOf(source);
  const last = Math.floor((end - 1) / CHUNK_BYTES);
  for (let first = Math.floor(start / CHUNK_BYTES); first <= last; first += CHUNKS_PER_READ) {
    const count = Math.min(CHUNKS_PER_READ, last - first + 1);
    const into = SEALED.take();
    try {
      const sealed = await readChunks(source, layout, { plainBytes, first, count, into });
      for (let i = 0; i < count; i++) {
        const piece = sealed.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES);
        const at = (first + i) * CHUNK_BYTES;
        const plain = openChunk(layout, first + i, piece);
        const from = Math.max(0, start - at);
        const to = Math.min(plain.length, end - at);
        yield from === 0 && to === plain.length ? plain : plain.subarray(from, to);
      }
    } finally {
      SEALED.give(into);
    }
  }
}

/** As `openRange`, in one buffer: for what is small, such as a frame or a header. */
export async function readRange(source: SealedSource, start: number, end: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of openRange(source, start, end)) pieces.push(piece);
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, end - start);
}

/** Proves header and length of the object without reading what it holds. Throws `seal.broken`. */
export async function checkWhole(source: SealedSource): Promise<void> {
  const plainBytes = plainSize(source.sealedBytes);
  const layout = layoutOf(source);
  const into = Buffer.alloc(HEADER_BYTES);
  checkHeader(await exactly(source, 0, into), layout.header);
  checkClosing(layout, plainBytes, await exactly(source, source.sealedBytes - TAG_BYTES, into.subarray(0, TAG_BYTES)));
}

type Chunks = { plainBytes: number; first: number; count: number; into: Buffer };

async function readChunks(source: SealedSource, layout: Layout, { plainBytes, first, count, into }: Chunks) {
  const begin = HEADER_BYTES + first * SEALED_CHUNK_BYTES;
  const plainLeft = plainBytes - first * CHUNK_BYTES;
  const length = Math.min(count * SEALED_CHUNK_BYTES, plainLeft + Math.ceil(plainLeft / CHUNK_BYTES) * 16);
  if (first > 0) return exactly(source, begin, into.subarray(0, length));
  const withHeader = await exactly(source, 0, into.subarray(0, HEADER_BYTES + length));
  checkHeader(withHeader.subarray(0, HEADER_BYTES), layout.header);
  return withHeader.subarray(HEADER_BYTES);
}

/** As many bytes as `into` has. */
async function exactly(source: SealedSource, offset: number, into: Buffer): Promise<Uint8Array> {
  const bytes = await source.readAt(offset, into.length, into);
  if (bytes.length === into.length) return bytes;
  throw new Fault(
    "seal.broken",
    `the stored object gives ${bytes.length} of ${into.length} bytes at ${offset}: it was cut`,
  );
}
