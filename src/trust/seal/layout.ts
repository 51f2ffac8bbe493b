import { createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import type { Hidden } from "#kit/hidden.ts";

/**
 * The layout of a sealed object, version 1. `docs/seal-format.md` says the same for whoever writes another reader.
 *
 *     offset  bytes  header
 *          0      8  magic 89 53 4C 53 45 41 4C 0A (0x89 "SLSEAL" LF)
 *          8      1  version, 1
 *          9      1  algorithm, 1 = AES-256-GCM
 *         10      1  log2 of the chunk size, 16 = 65,536 bytes of plain text
 *         11      5  zero
 *         16     16  object id (a UUID's bytes)
 *         32     32  key check
 *     then, for each 65,536 bytes of plain text (the last chunk may be shorter, none is empty):
 *          n         cipher text, as long as its plain text
 *         16         GCM tag
 *     and at the very end:
 *         16         closing tag: the GCM tag of an empty text
 *
 * HKDF-SHA-256 (RFC 5869) with the object key as input key, header bytes 0 to 31 as salt and "safelight seal" as info
 * gives 64 bytes: the content key and the key check. Nonces (12 bytes) are the chunk's number as 11 bytes, big-endian,
 * and a flag: 0 for data, 1 for the closing tag, whose number is the count of data chunks. Additional data are the 64
 * bytes of the header; for the closing tag they are followed by the length of the plain text as 8 bytes, big-endian.
 *
 * This is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) with an empty last segment, so that a chunk
 * is sealed as it arrives, before anyone knows whether it is the last. Truncation, extension, reordering, duplication
 * and swapping between objects all end in a tag that does not hold; the key check commits to one key.
 */
export const CHUNK_BYTES = 65_536;
export const TAG_BYTES = 16;
export const HEADER_BYTES = 64;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
export const KEY_BYTES = 32;

const MAGIC = Buffer.from([0x89, 0x53, 0x4c, 0x53, 0x45, 0x41, 0x4c, 0x0a]);
const VERSION = 1;
const ALGORITHM = 1;
const CHUNK_LOG2 = 16;
const SALT_BYTES = 32;
const INFO = "safelight seal";

/** The object key and the id of the object it belongs to: both must be the ones it was sealed with. */
export type SealKey = {
  /** 32 bytes, drawn for this object alone: the same key and id must never seal twice. */
  key: Hidden<Uint8Array>;
  /** A UUID, with or without hyphens. */
  objectId: string;
};

/** What key and id give: the header as it must stand in the object, and the key of its chunks. */
export type Layout = { header: Buffer; contentKey: KeyObject };

/** Header and content key of an object. Throws `input.invalid` for an id that is no UUID or a key that is not 32 bytes. */
export function layoutOf({ key, objectId }: SealKey): Layout {
  const secret = key.reveal();
  if (secret.length !== KEY_BYTES) throw new Fault("input.invalid", "an object key has 32 bytes");
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.set([VERSION, ALGORITHM, CHUNK_LOG2], MAGIC.length);
  objectIdBytes(objectId).copy(header, 16);
  const derived = Buffer.from(hkdfSync("sha256", secret, header.subarray(0, SALT_BYTES), INFO, 64));
  derived.copy(header, SALT_BYTES, 32, 64);
  const contentKey = createSecretKey(derived.subarray(0, 32));
  derived.fill(0);
  return { header, contentKey };
}

/** The 16 bytes of a UUID. Throws `input.invalid`. */
export function objectIdBytes(objectId: string): Buffer {
  if (!/^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i.test(objectId)) {
    throw new Fault("input.invalid", "an object id is a UUID");
  }
  return Buffer.from(objectId.replaceAll("-", ""), "hex");
}

/** Compares a header that was read with the one expected. Throws `seal.broken` and says which part differs. */
export function checkHeader(found: Uint8Array, expected: Buffer): void {
  if (found.length === HEADER_BYTES && timingSafeEqual(found, expected)) return;
  const part = (from: number, to: number) => expected.subarray(from, to).equals(found.subarray(from, to));
  if (!part(0, 8)) throw new Fault("seal.broken", "this is not a sealed object: its first bytes are others");
  if (!part(8, 16)) throw new Fault("seal.broken", "this sealed object has a version or algorithm not known here");
  if (!part(16, 32)) throw new Fault("seal.broken", "this sealed object is another one than its record says");
  throw new Fault("seal.broken", "this sealed object was sealed with another key");
}

/** The nonce of chunk `number` (12 bytes), written into `nonce`. */
export function writeNonce(nonce: Buffer, number: number, closing: boolean): Buffer {
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = closing ? 1 : 0;
  return nonce;
}

/** Additional data of the closing tag: the header and the length of the plain text in bytes. */
export function closingData(header: Buffer, plainBytes: number): Buffer {
  const data = Buffer.alloc(HEADER_BYTES + 8);
  header.copy(data);
  data.writeBigUInt64BE(BigInt(plainBytes), HEADER_BYTES);
  return data;
}

/** How many data chunks `plainBytes` fill. */
export function chunksOf(plainBytes: number): number {
  return Math.ceil(plainBytes / CHUNK_BYTES);
}

/** Bytes of the sealed object that holds `plainBytes` of plain text. Throws `input.invalid` for what is no size. */
export function sealedSize(plainBytes: number): number {
  if (!Number.isSafeInteger(plainBytes) || plainBytes < 0) throw new Fault("input.invalid", "a size is a whole number");
  return HEADER_BYTES + plainBytes + TAG_BYTES * chunksOf(plainBytes) + TAG_BYTES;
}

/** Bytes of plain text in a sealed object of `sealedBytes`. Throws `seal.broken` for a size that no sealed object has. */
export function plainSize(sealedBytes: number): number {
  const body = sealedBytes - HEADER_BYTES - TAG_BYTES;
  const rest = body % SEALED_CHUNK_BYTES;
  if (!Number.isSafeInteger(sealedBytes) || body < 0 || (rest > 0 && rest <= TAG_BYTES)) {
    throw new Fault("seal.broken", `no sealed object has ${sealedBytes} bytes: it was cut or extended`);
  }
  return Math.floor(body / SEALED_CHUNK_BYTES) * CHUNK_BYTES + (rest > 0 ? rest - TAG_BYTES : 0);
}
