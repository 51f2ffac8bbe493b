import { constants, type Stats } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "#kit/fault.ts";
import { type BlobName, type Blobs, type BlobWriter, parseBlobName } from "./blobs.ts";
import { entries, FolderSync, OpenFiles, storageFault, writeAll } from "./files.ts";
import { sweepDirectory } from "./sweep.ts";

const PIECE_BYTES = 1024 * 1024;
const RESERVE_BYTES = 256 * 1024 * 1024;
const SPACE_KNOWN_MS = 1_000;
const FOLDERS_KEPT = 16;

export type DirectoryOptions = { root: string; openFiles?: number };

/** Objects as files: `root/<3 days>/<65 s>/<name>`, so that what arrives together becomes durable with few folder flushes. */
export async function openDirectory(options: DirectoryOptions): Promise<Blobs> {
  try {
    await mkdir(options.root, { recursive: true, mode: 0o700 });
    return new Directory(options.root, options.openFiles ?? 128);
  } catch (error) {
    throw storageFault(error);
  }
}

/** Where an object's file lies below the root. */
export function pathOf(root: string, name: BlobName): string {
  return join(root, name.slice(0, 5), name.slice(5, 8), name);
}

class Directory implements Blobs {
  readonly #root: string;
  readonly #files: OpenFiles;
  readonly #folders = new Map<string, FolderSync>();
  readonly #making = new Map<string, Promise<FolderSync>>();
  readonly #writing = new Set<string>();
  #space = { at: 0, free: Number.POSITIVE_INFINITY, reserve: 0 };

  constructor(root: string, openFiles: number) {
    this.#root = root;
    this.#files = new OpenFiles(openFiles);
  }

  async create(name: BlobName): Promise<BlobWriter> {
    const path = pathOf(this.#root, parseBlobName(name));
    const part = `${path}.${process.pid}`;
    try {
      await this.#refuseWhenFull();
      const folder = await this.#folder(dirname(path));
      this.#writing.add(part);
      return new FileWriter({ name, part, path, folder, ended: () => this.#writing.delete(part) });
    } catch (error) {
      throw unavailableIfMissing(error);
    }
  }

  async #folder(path: string): Promise<FolderSync> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const making = this.#making.get(path) ?? this.#makeFolder(path);
    this.#making.set(path, making);
    try {
      return await making;
    } finally {
      this.#making.delete(path);
    }
  }

  /** A new folder's own entry is made durable before anything in it can be. */
  async #makeFolder(path: string): Promise<FolderSync> {
    for (const level of [dirname(path), path]) await makeOne(level);
    for (const above of [dirname(path), this.#root]) {
      const flush = new FolderSync(above);
      await flush.sync();
      await flush.close();
    }
    const folder = new FolderSync(path);
    this.#folders.set(path, folder);
    const oldest = this.#folders.keys().next().value;
    if (this.#folders.size > FOLDERS_KEPT && oldest !== undefined) {
      const left = this.#folders.get(oldest);
      this.#folders.delete(oldest);
      await left?.close();
    }
    return folder;
  }

  /** Some room stays free for the database, which stops when its disk is full. */
  async #refuseWhenFull(): Promise<void> {
    if (Date.now() - this.#space.at > SPACE_KNOWN_MS) {
      const { bavail, bsize, blocks } = await statfs(this.#root);
      this.#space = { at: Date.now(), free: bavail * bsize, reserve: Math.min(RESERVE_BYTES, blocks * bsize * 0.02) };
    }
    if (this.#space.free > this.#space.reserve) return;
    throw new Fault(
      "storage.full",
      "There is no room left for images on the server's disk; free some, then send again.",
    );
  }

  async readAt(name: BlobName, offset: number, length: number, into?: Buffer): Promise<Buffer> {
    try {
      return await this.#files.use(pathOf(this.#root, parseBlobName(name)), (file) =>
        readFully(file, offset, into?.subarray(0, length) ?? Buffer.allocUnsafe(length)),
      );
    } catch (error) {
      throw storageFault(error);
    }
  }

  async *readRange(name: BlobName, start: number, end: number): AsyncIterable<Buffer> {
    for (let at = start; at < end; ) {
      const wanted = Math.min(PIECE_BYTES, end - at);
      const piece = await this.readAt(name, at, wanted);
      if (piece.length > 0) yield piece;
      if (piece.length < wanted) return;
      at += piece.length;
    }
  }

  async size(name: BlobName): Promise<number | undefined> {
    let found: Stats;
    try {
      found = await stat(pathOf(this.#root, parseBlobName(name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw storageFault(error);
    }
    return found.size;
  }

  async remove(name: BlobName): Promise<void> {
    const path = pathOf(this.#root, parseBlobName(name));
    try {
      await rm(path, { force: true });
      await this.#files.forget(path);
    } catch (error) {
      throw storageFault(error);
    }
  }

  async *list(): AsyncIterable<BlobName> {
    for (const days of await entries(this.#root)) {
      for (const minute of await entries(join(this.#root, days))) {
        for (const name of await entries(join(this.#root, days, minute))) {
          if (/^[0-9a-f]{32}$/.test(name)) yield name as BlobName;
        }
      }
    }
  }

  async freeBytes(): Promise<number | undefined> {
    try {
      const { bavail, bsize } = await statfs(this.#root);
      return bavail * bsize;
    } catch (error) {
      throw storageFault(error);
    }
  }

  async sweep(isKnown: (names: readonly BlobName[]) => Promise<ReadonlySet<string>>): Promise<{ removed: number }> {
    try {
      return await sweepDirectory(this.#root, isKnown, (part) => this.#writing.has(part));
    } catch (error) {
      throw storageFault(error);
    }
  }

  async close(): Promise<void> {
    await this.#files.close();
    for (const folder of this.#folders.values()) await folder.close();
    this.#folders.clear();
  }
}

/** Never the root with it: a store that is not mounted must not come to be on the disk below. */
async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** While creating, a missing folder is a store that is not mounted, not a missing object. */
function unavailableIfMissing(error: unknown): Fault {
  const fault = storageFault(error);
  if (fault.code !== "storage.missing") return fault;
  return new Fault("storage.unavailable", "The image store's folder is gone; mount it again.", { cause: error });
}

async function readFully(file: FileHandle, offset: number, bytes: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

type Writing = { name: BlobName; part: string; path: string; folder: FolderSync; ended: () => void };

/**
 * An object that fits into one piece is written under its own name at once, at its commit: until its row is there nobody asks
 * for it, and the sweep takes it when that never comes. A larger one grows under another name and is renamed when it is whole.
 */
class FileWriter implements BlobWriter {
  readonly name: BlobName;
  readonly #writing: Writing;
  #state: "open" | "committed" | "aborted" = "open";
  #file: FileHandle | undefined;
  /** What this writer itself made and would have to take away again. */
  #made: string | undefined;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  constructor(writing: Writing) {
    this.name = writing.name;
    this.#writing = writing;
  }

  /** Small pieces are gathered: a call to the system costs more than the bytes of a slice. The pieces must stay as they are. */
  async write(bytes: readonly Uint8Array[]): Promise<void> {
    this.#mustBeOpen();
    for (const piece of bytes) {
      this.#gathered.push(piece);
      this.#gatheredBytes += piece.length;
    }
    if (this.#gatheredBytes >= PIECE_BYTES) await this.#orGiveUp(() => this.#flush(this.#writing.part));
  }

  async commit(): Promise<void> {
    this.#mustBeOpen();
    await this.#orGiveUp(() => (this.#file === undefined ? this.#commitAtOnce() : this.#commitGrown(this.#file)));
    this.#state = "committed";
    void this.#file?.close().catch(() => undefined); // durable already
    this.#writing.ended();
  }

  async #commitAtOnce(): Promise<void> {
    const file = await this.#flush(this.#writing.path);
    await Promise.all([file.sync(), this.#writing.folder.sync()]);
  }

  async #commitGrown(file: FileHandle): Promise<void> {
    const { part, path, folder } = this.#writing;
    await this.#flush(part);
    await file.sync();
    if (await exists(path)) throw new Fault("internal", "a stored object would be written over");
    await rename(part, path);
    this.#made = path;
    await folder.sync();
  }

  async #flush(path: string): Promise<FileHandle> {
    const pieces = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    const file = this.#file ?? (await this.#create(path));
    await writeAll(file, pieces);
    return file;
  }

  async #create(path: string): Promise<FileHandle> {
    this.#file = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND,
      0o600,
    );
    this.#made = path;
    return this.#file;
  }

  #mustBeOpen(): void {
    if (this.#state !== "open")
      throw new Fault("internal", "an object was written or committed after it had been committed or given up");
  }

  async #orGiveUp(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.abort();
      throw unavailableIfMissing(error);
    }
  }

  async abort(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "aborted";
    this.#gathered = [];
    await this.#file?.close().catch(() => undefined);
    if (this.#made !== undefined) await rm(this.#made, { force: true }).catch(() => undefined);
    this.#writing.ended();
  }
}
