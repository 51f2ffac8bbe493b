import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The public sample files of `MANIFEST.tsv`, which live beside the repository. */
export const DATA = join(import.meta.dirname, "../../../shared/data");

/** Every file below a folder of the sample data, sorted, as absolute paths. */
export function filesBelow(folder: string): string[] {
  const root = join(DATA, folder);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** A path as the manifest writes it: "dicom/mr-fruit/1.dcm". */
export const nameOf = (path: string): string => path.slice(DATA.length + 1);

export const readData = (name: string): Uint8Array => new Uint8Array(readFileSync(join(DATA, name)));
