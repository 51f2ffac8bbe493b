import { type FileHandle, open, readdir } from "node:fs/promises";
import { Fault } from "#kit/fault.ts";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What a failed file operation means to a caller; a Fault stays itself. */
export function storageFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (FULL.has(code))
    return new Fault(
      "storage.full",
      "There is no room left for images on the server's disk; free some, then send again.",
      { cause: error },
    );
  if (code === "EEXIST") return new Fault("internal", "a stored object would be written over", { cause: error });
  if (code === "ENOENT")
    return new Fault("storage.missing", "A stored object is not where it should be; restore it from a backup.", {
      cause: error,
    });
  return new Fault("storage.unavailable", `The image store cannot be used at the moment (${code || "unknown"}).`, {
    cause: error,
  });
}

/** Writes every byte at the end of the file; a single call may take fewer. */
export async function writeAll(file: FileHandle, bytes: readonly Uint8Array[]): Promise<void> {
  let left = bytes.filter((part) => part.length > 0);
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left.slice(0, 1000));
    left = without(left, bytesWritten);
  }
}

function without(parts: Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  let at = 0;
  for (let part = parts[at]; part !== undefined && skip >= part.length; part = parts[at]) {
    skip -= part.length;
    at++;
  }
  const rest = parts.slice(at);
  if (skip > 0 && rest[0] !== undefined) rest[0] = rest[0].subarray(skip);
  return rest;
}

/**
 * Makes a folder's entries durable, shared by all who ask while one is under way: whoever asks gets a flush that began
 * after the asking.
 */
export class FolderSync {
  readonly #path: string;
  #handle: Promise<FileHandle> | undefined;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  sync(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#running = this.#flush();
        return this.#running;
      });
    return this.#next;
  }

  async #flush(): Promise<void> {
    this.#handle ??= open(this.#path, "r");
    await (await this.#handle).sync();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await (await handle?.catch(() => undefined))?.close();
  }
}

type Opened = { handle: Promise<FileHandle>; users: number };

/** Keeps the files that are read now open: a study is read object by object, frame by frame. */
export class OpenFiles {
  readonly #opened = new Map<string, Opened>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async use<T>(path: string, fn: (file: FileHandle) => Promise<T>): Promise<T> {
    const entry = this.#enter(path);
    try {
      return await fn(await entry.handle);
    } finally {
      entry.users--;
      await this.#shrink(this.#limit);
    }
  }

  #enter(path: string): Opened {
    const entry = this.#opened.get(path) ?? { handle: open(path, "r"), users: 0 };
    entry.users++;
    this.#opened.delete(path);
    this.#opened.set(path, entry); // most recently used last
    entry.handle.catch(() => this.#opened.get(path) === entry && this.#opened.delete(path));
    return entry;
  }

  /** Forgets a file; who reads it now may finish. */
  async forget(path: string): Promise<void> {
    const entry = this.#opened.get(path);
    if (entry === undefined) return;
    this.#opened.delete(path);
    while (entry.users > 0) await new Promise((turn) => setImmediate(turn));
    await (await entry.handle.catch(() => undefined))?.close();
  }

  async #shrink(limit: number): Promise<void> {
    if (this.#opened.size <= limit) return;
    for (const [path, entry] of this.#opened) {
      if (entry.users > 0) continue;
      this.#opened.delete(path);
      await (await entry.handle.catch(() => undefined))?.close();
      if (this.#opened.size <= limit) return;
    }
  }

  async close(): Promise<void> {
    await this.#shrink(0);
  }
}

/** The names in a folder in order; none when it is gone or is no folder. */
export async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
