import { Readable } from "node:stream";
import { ZipFile } from "yazl";

/** A file of an archive: its length is known, its bytes are asked for when their turn comes. */
export type ZipEntry = { name: string; size: number; bytes: () => AsyncIterable<Uint8Array> };

/** An archive as it is written: entry after entry, not compressed (images are). When one breaks off, so does the archive. */
export function zipStream(entries: readonly ZipEntry[]): Readable {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  let reading: Readable | undefined;
  zip.on("error", (error: unknown) => output.destroy(error as Error));
  output.once("close", () => reading?.destroy());
  const mtime = new Date();
  for (const { name, size, bytes } of entries) {
    zip.addReadStreamLazy(name, { compress: false, size, mtime }, (give) => {
      reading = Readable.from(bytes(), { objectMode: false });
      reading.once("error", (error: Error) => output.destroy(error)); // the archive listens to none of its sources
      give(null, reading);
    });
  }
  zip.end();
  return output;
}
