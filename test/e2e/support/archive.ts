import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import yauzl from "yauzl";

/** The content of every file in a ZIP, as somebody has it who unpacks a download. */
export async function filesInZip(path: string): Promise<Buffer[]> {
  const zip = await promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open)(path, { lazyEntries: true });
  const open = promisify(zip.openReadStream.bind(zip)) as (entry: yauzl.Entry) => Promise<NodeJS.ReadableStream>;
  const files: Buffer[] = [];
  return new Promise((resolve, reject) => {
    zip.on("error", reject).on("end", () => resolve(files));
    zip.on("entry", (entry: yauzl.Entry) => {
      if (entry.fileName.endsWith("/")) return zip.readEntry();
      open(entry)
        .then(buffer)
        .then((bytes) => {
          files.push(bytes);
          zip.readEntry();
        }, reject);
    });
    zip.readEntry();
  });
}
