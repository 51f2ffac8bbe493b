import { constants, type Dirent } from "node:fs";
import { type FileHandle, open, opendir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { UploadedFile } from "#contract/studies.ts";
import { archiveFiles } from "#features/studies/import/archive.ts";
import { dicomdirFiles } from "#features/studies/import/dicomdir.ts";
import { type FileToImport, refused } from "#features/studies/import/one-file.ts";
import type { Ranges } from "#features/studies/import/range-reader.ts";
import { Fault } from "#kit/fault.ts";
import { KIND_BYTES, mediaKind } from "#standards/media/kind.ts";

const PIECE_BYTES = 256 * 1024;
/** A DICOMDIR of half a million images is smaller. */
const MOST_DIRECTORY_BYTES = 256 * 1024 * 1024;

/**
 * The files that a path on this machine stands for: itself, what lies in it as folder or ZIP, or what a DICOMDIR lists. Links
 * below a folder are not followed. Names are relative to the path.
 * @throws Fault input.invalid when the path cannot be read
 */
export async function* localFiles(path: string): AsyncGenerator<FileToImport | UploadedFile, void, undefined> {
  const root = await rootOf(path);
  const found = await stat(root);
  if (found.isDirectory()) yield* folderFiles(root);
  else if (found.isFile()) yield* singleFile(root);
  else throw new Fault("input.invalid", "The path is neither a file nor a folder.", { place: "path" });
}

async function rootOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* singleFile(path: string): AsyncGenerator<FileToImport | UploadedFile, void, undefined> {
  const name = basename(path);
  switch (await kindOf(path, name)) {
    case "zip":
      yield* archiveAt(path, name, "");
      break;
    case "directory":
      yield* dicomdirFiles(dirname(path), await readWhole(path, name), (found) =>
        fileOf(found.path, found.name, false),
      );
      break;
    case "other":
      yield fileOf(path, name, false);
  }
}

/** Depth first without recursion; in the order of names, so that a series comes in a row. */
async function* folderFiles(root: string): AsyncGenerator<FileToImport | UploadedFile, void, undefined> {
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const below: string[] = [];
    const entries = await entriesOf(folder, relative(root, folder) || basename(root));
    if (!Array.isArray(entries)) {
      yield entries;
      continue;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const name = relative(root, path);
      if (entry.isDirectory()) below.push(path);
      else if (!entry.isFile())
        yield { name, outcome: "ignored", code: "ignored.link", message: "Links and devices are not followed." };
      else if (/\.zip$/i.test(name) && (await kindOf(path, name).catch(() => "other")) === "zip")
        yield* archiveAt(path, name, `${name}/`);
      else yield fileOf(path, name, true);
    }
    folders.push(...below.toReversed());
  }
}

/** What stands in a folder; one that cannot be listed is one finding among others. */
async function entriesOf(folder: string, name: string): Promise<Dirent[] | UploadedFile> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(folder)) entries.push(entry);
  } catch (cause) {
    return refused(name, unreadable(name, cause));
  }
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** A damaged archive is one finding among others; what was taken before stays. */
async function* archiveAt(
  path: string,
  name: string,
  prefix: string,
): AsyncGenerator<FileToImport | UploadedFile, void, undefined> {
  try {
    const handle = await openLocal(path, name);
    const { size } = await handle.stat();
    const source: Ranges = {
      bytes: size,
      range: (start, end) => rangeOf(handle, start, end),
      close: () => handle.close(), // once the files that were begun have been read
    };
    for await (const file of archiveFiles(source)) yield { ...file, name: `${prefix}${file.name}` };
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    yield refused(name, thrown);
  }
}

const fileOf = (path: string, name: string, among: boolean): FileToImport => ({
  name,
  among,
  open: () => contentOf(path, name),
});

async function* contentOf(path: string, name: string): AsyncGenerator<Buffer, void, undefined> {
  const handle = await openLocal(path, name);
  try {
    yield* rangeOf(handle, 0, Number.MAX_SAFE_INTEGER);
  } catch (cause) {
    throw unreadable(name, cause);
  } finally {
    await handle.close();
  }
}

async function* rangeOf(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
  for (let at = start; at < end; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function kindOf(path: string, name: string): Promise<ReturnType<typeof mediaKind>> {
  const handle = await openLocal(path, name);
  try {
    const head = Buffer.alloc(KIND_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return mediaKind(head.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function readWhole(path: string, name: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of contentOf(path, name)) {
    length += piece.length;
    if (length > MOST_DIRECTORY_BYTES) throw new Fault("input.too-large", "This DICOMDIR is too large to be one.");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Never through a link, and never waiting for a pipe's other end. */
async function openLocal(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

function unreadable(name: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
  return new Fault("input.invalid", `${name} cannot be read (${code}).`, { place: "path", cause });
}
