import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import type { Hidden } from "#kit/hidden.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;

/**
 * Seals a small value (a header, a report, a detail; up to a few MiB) in one piece: version byte, 96-bit random nonce,
 * AES-256-GCM ciphertext, 128-bit tag. `context` is authenticated, not stored: the value opens only where it belongs
 * (for example "header:<instance id>"), so that rows cannot be swapped. `key` has 32 bytes. NIST SP 800-38D §8.2.2.
 */
export function sealSmall(key: Hidden<Uint8Array>, context: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key.reveal(), nonce);
  cipher.setAAD(Buffer.from(context, "utf8"));
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([Buffer.of(VERSION), nonce, body, cipher.getAuthTag()]);
}

/** Opens what `sealSmall` made under the same key and context. Throws `seal.broken` when a bit, the key or the context differs. */
export function openSmall(key: Hidden<Uint8Array>, context: string, sealed: Uint8Array): Buffer {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION)
    throw new Fault("seal.broken", "a sealed value is too short or of an unknown version");
  const decipher = createDecipheriv("aes-256-gcm", key.reveal(), sealed.subarray(1, 1 + NONCE_BYTES));
  decipher.setAAD(Buffer.from(context, "utf8"));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch (cause) {
    throw new Fault("seal.broken", "a sealed value was changed, or belongs to another place", { cause });
  }
}
