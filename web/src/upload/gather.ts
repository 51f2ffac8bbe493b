import { isZip, listZip, openEntry, type ZipEntry } from "./zip.ts";

/** One file somebody dropped: on disk, or inside an archive. `open` gives its bytes, `head` only the first ones. */
export type Source = { path: string; size: number; head: (bytes: number) => Promise<Blob>; open: () => Promise<Blob> };
/** An archive that only the server can open goes as it is. */
export type Gathered = { sources: Source[]; whole: Source[] };

const MOST_FILES = 200_000;

/** Everything below what was dropped: folders are walked, ZIP archives opened. Iterative, with a cap. */
export async function gather(dropped: DataTransfer | readonly File[]): Promise<Gathered> {
  const files =
    "map" in dropped
      ? dropped.map((file) => ({ path: file.webkitRelativePath || file.name, file }))
      : await filesOf(dropped);
  const gathered: Gathered = { sources: [], whole: [] };
  for (const { path, file } of files) {
    if (!(await looksLikeZip(file))) gathered.sources.push(onDisk(path, file));
    else await addZip(gathered, path, file);
  }
  return gathered;
}

async function looksLikeZip(file: File): Promise<boolean> {
  return (/\.(zip|gz)$/i.test(file.name) || file.type.includes("zip")) && (await isZip(file).catch(() => false));
}

async function addZip(gathered: Gathered, path: string, file: File): Promise<void> {
  try {
    for (const entry of await listZip(file)) gathered.sources.push(inArchive(`${path}/${entry.name}`, file, entry));
  } catch {
    gathered.whole.push(onDisk(path, file));
  }
}

const onDisk = (path: string, file: Blob): Source => ({
  path,
  size: file.size,
  head: async (bytes) => file.slice(0, bytes),
  open: async () => file,
});

const inArchive = (path: string, archive: Blob, entry: ZipEntry): Source => ({
  path,
  size: entry.size,
  head: (bytes) => openEntry(archive, entry, bytes),
  open: () => openEntry(archive, entry),
});

async function filesOf(dropped: DataTransfer): Promise<{ path: string; file: File }[]> {
  // Entries must be taken before the first await: afterwards the list is empty.
  const queue = [...dropped.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const loose = queue.length === 0 ? [...dropped.files] : [];
  const found = loose.map((file) => ({ path: file.name, file }));
  while (queue.length > 0 && found.length < MOST_FILES) {
    const entry = queue.pop();
    if (entry?.isFile) {
      const file = await fileOf(entry as FileSystemFileEntry).catch(() => undefined);
      if (file) found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    } else if (entry?.isDirectory) queue.push(...(await childrenOf(entry as FileSystemDirectoryEntry)));
  }
  return found;
}

const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));

async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) return children;
    children.push(...some);
  }
}
