import { pipeline, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompress } from "node:zlib";
import { inTurns } from "#kit/turns.ts";

/** The fastest level: most headers are a few kilobytes of text. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** A header of fewer bytes is opened in one go; compressed a thousand times, it is still some megabytes. */
const SMALL_BYTES = 4 * 1024;
const PIECE_BYTES = 128 * 1024;
const decompress = promisify(zstdDecompress);

/**
 * The text of a header, compressed. What fits into one piece is done at once: a call into another thread would cost more. Of
 * anything larger the pieces are made one by one, the event loop turns between them, and another thread compresses.
 */
export async function compressedHeader(pieces: Generator<string, void, undefined>): Promise<Buffer> {
  const first = pieces.next().value ?? "";
  const second = pieces.next();
  if (second.done === true) return zstdCompressSync(first, COMPRESSION);
  async function* all(): AsyncGenerator<string, void, undefined> {
    yield* inTurns([first, second.value ?? ""]);
    yield* inTurns(pieces);
  }
  return buffer(pipeline(Readable.from(all()), createZstdCompress(COMPRESSION), () => undefined));
}

/** The text of a header as it is decompressed. */
export async function* headerPieces(compressed: Buffer): AsyncGenerator<string, void, undefined> {
  if (compressed.length < SMALL_BYTES) {
    yield (await decompress(compressed)).toString("utf8");
    return;
  }
  const plain = createZstdDecompress({ chunkSize: PIECE_BYTES });
  plain.end(compressed);
  plain.setEncoding("utf8");
  yield* plain as AsyncIterable<string>;
}

const BULK_DATA = '"BulkDataURI":"bulkdata/';

/**
 * The text of a header with the addresses of bulk data below `here` instead of relative ones. No value holds what is replaced:
 * within a text a quotation mark is escaped.
 */
export async function* addressed(pieces: AsyncIterable<string>, here: string): AsyncGenerator<string, void, undefined> {
  const absolute = `"BulkDataURI":${JSON.stringify(`${here}/`).slice(0, -1)}bulkdata/`;
  let kept = "";
  for await (const piece of pieces) {
    const text = kept + piece;
    const last = text.lastIndexOf(BULK_DATA);
    const safe = Math.max(text.length - BULK_DATA.length + 1, last < 0 ? 0 : last + BULK_DATA.length);
    yield text.slice(0, safe).replaceAll(BULK_DATA, () => absolute);
    kept = text.slice(safe);
  }
  yield kept;
}
