import { lstat, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { UploadedFile } from "#contract/studies.ts";
import { Fault } from "#kit/fault.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { directoryFiles, isDirectory } from "#standards/media/directory.ts";

export type Listed = { name: string; path: string };

/**
 * The files that a DICOMDIR lists, in its order, looked up strictly below its own folder: what its File IDs say can neither lead
 * out of it nor through a link. Letter case does not matter, since discs are copied in either.
 * @throws Fault dicom.*, input.invalid when it is no DICOMDIR
 */
export async function* dicomdirFiles<T>(
  folder: string,
  dicomdir: Uint8Array,
  found: (file: Listed) => T,
): AsyncGenerator<T | UploadedFile, void, undefined> {
  const { dataSet } = readPart10(dicomdir);
  if (!isDirectory(dataSet)) throw new Fault("input.invalid", "The DICOMDIR has no directory records.");
  const folders = new Folders(await realpath(folder));
  const seen = new Set<string>();
  for (const { path: components } of directoryFiles(dataSet)) {
    if (components === undefined) {
      yield missing("(unusable File ID)", "input.invalid", "A File ID of the DICOMDIR leads out of its folder.");
      continue;
    }
    const name = components.join("/");
    if (seen.has(name.toLowerCase())) continue;
    seen.add(name.toLowerCase());
    const path = await folders.resolve(components);
    if (path === undefined) yield missing(name, "file.missing", "The DICOMDIR lists this file, but it is not here.");
    else yield found({ name, path });
  }
}

function missing(name: string, code: string, message: string): UploadedFile {
  return { name, outcome: "refused", code, message };
}

const MOST_FOLDERS_KEPT = 10_000;

/** Looks names up regardless of letter case; each folder is listed once. */
class Folders {
  readonly #root: string;
  readonly #listed = new Map<string, Promise<Map<string, string>>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The real path of a regular file below the root, or undefined. */
  async resolve(components: readonly string[]): Promise<string | undefined> {
    let path = this.#root;
    for (const [at, component] of components.entries()) {
      const names = await this.#list(path);
      const wanted = component.toLowerCase();
      const last = at === components.length - 1;
      const name = names.get(wanted) ?? (last ? (names.get(`${wanted}.dcm`) ?? names.get(`${wanted};1`)) : undefined);
      if (name === undefined) return undefined;
      path = join(path, name);
    }
    try {
      // equal only if no link was passed: then it lies below the root, whose own path is real
      return (await realpath(path)) === path && (await lstat(path)).isFile() ? path : undefined;
    } catch {
      return undefined;
    }
  }

  #list(folder: string): Promise<Map<string, string>> {
    const known = this.#listed.get(folder);
    if (known) return known;
    if (this.#listed.size >= MOST_FOLDERS_KEPT) this.#listed.clear();
    const listing = readdir(folder).then(
      (names) => new Map(names.map((name) => [name.toLowerCase(), name])),
      () => new Map<string, string>(),
    );
    this.#listed.set(folder, listing);
    return listing;
  }
}
