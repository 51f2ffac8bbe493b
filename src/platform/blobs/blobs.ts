import { randomBytes } from "node:crypto";
import { Fault } from "#kit/fault.ts";

/** The name of a sealed object in the store: 32 lower-case hexadecimal digits that we made ourselves. */
export type BlobName = string & { readonly __brand: "BlobName" };

/** Bytes on their way into the store. Nothing is there for others until `commit` has returned. */
export type BlobWriter = {
  readonly name: BlobName;
  /** Appends; resolves when more may come, so that waiting for it is the back-pressure. The pieces are kept, not copied: they must not change. */
  write(bytes: readonly Uint8Array[]): Promise<void>;
  /** Resolves when the object is durable: the caller may acknowledge it only after this line. */
  commit(): Promise<void>;
  /** Leaves nothing behind; never throws; safe after a failed write or commit. */
  abort(): Promise<void>;
};

/** Where sealed objects lie. Objects are written once, never changed, and removed. */
export type Blobs = {
  /** @throws Fault storage.full, storage.unavailable (as every other function here) */
  create(name: BlobName): Promise<BlobWriter>;
  /** Exactly `length` bytes from `offset`; less only where the object ends. They may lie in `into`. @throws Fault storage.missing */
  readAt(name: BlobName, offset: number, length: number, into?: Buffer): Promise<Buffer>;
  /** The bytes from `start` up to and without `end`, in pieces of at most 1 MiB. */
  readRange(name: BlobName, start: number, end: number): AsyncIterable<Buffer>;
  /** Size in bytes; undefined when there is no such object. */
  size(name: BlobName): Promise<number | undefined>;
  /** Removes the object; no error when there is none. */
  remove(name: BlobName): Promise<void>;
  /** Every object, oldest first. */
  list(): AsyncIterable<BlobName>;
  /** Bytes that can still be stored; undefined where the store does not say. */
  freeBytes(): Promise<number | undefined>;
  /**
   * After a crash: removes what was never committed, and what was but is unknown to the index. Asks in groups; call it
   * before anything is written.
   */
  sweep(isKnown: (names: readonly BlobName[]) => Promise<ReadonlySet<string>>): Promise<{ removed: number }>;
  close(): Promise<void>;
};

/**
 * A fresh name. It begins with the time (RFC 9562 §5.7, version 7 without the hyphens), so that objects that are written
 * together lie together and share the cost of becoming durable.
 */
export function newBlobName(now: number = Date.now()): BlobName {
  const random = randomBytes(10);
  random[0] = ((random[0] ?? 0) & 0x0f) | 0x70;
  random[2] = ((random[2] ?? 0) & 0x3f) | 0x80;
  return (now.toString(16).padStart(12, "0") + random.toString("hex")) as BlobName;
}

/** @throws Fault internal for anything that did not come from `newBlobName`: a name never comes from outside */
export function parseBlobName(text: string): BlobName {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new Fault("internal", "a stored object's name that we did not make");
  return text as BlobName;
}
