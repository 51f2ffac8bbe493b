import { createCipheriv, createHmac } from "node:crypto";

const START = Buffer.alloc(16);

/**
 * Bytes that nobody foretells without the seed (32 bytes), the same each time for the same seed and purpose: AES-256 in counter
 * mode (NIST SP 800-38A §6.5) under HMAC-SHA-256 of the purpose.
 */
export function chanceBytes(seed: Uint8Array, purpose: string, count: number): Uint8Array {
  const key = createHmac("sha256", seed).update(purpose).digest();
  return createCipheriv("aes-256-ctr", key, START).update(Buffer.alloc(count));
}

/** As `chanceBytes`: numbers from 0 up to 1. */
export function chances(seed: Uint8Array, purpose: string, count: number): number[] {
  const bytes = Buffer.from(chanceBytes(seed, purpose, count * 4));
  return Array.from({ length: count }, (_, at) => bytes.readUInt32BE(at * 4) / 2 ** 32);
}

/** The number of this chance (from 0 up to 1) between two others. */
export const within = (chance: number | undefined, low: number, high: number): number =>
  low + (chance ?? 0) * (high - low);
