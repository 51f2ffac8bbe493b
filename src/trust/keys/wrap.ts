import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";

/**
 * A key of 32 bytes. Object key, key group and organisation key are all of this kind; each is wrapped by the next one
 * up, and destroying a wrap destroys everything beneath it.
 */
export type SecretKey = Hidden<Uint8Array>;

export const KEY_BYTES = 32;
/** A wrapped key: 32 bytes of key and RFC 3394's 8 bytes of integrity check. */
export const WRAPPED_BYTES = 40;

/** RFC 3394 §2.2.3.1. */
const INITIAL_VALUE = Buffer.alloc(8, 0xa6);

/** A fresh random key: for an object, a key group or an organisation. Draw a new one for every attempt to write an object. */
export function newKey(random: (bytes: number) => Uint8Array = randomBytes): SecretKey {
  const bytes = random(KEY_BYTES);
  if (bytes.length !== KEY_BYTES) throw new Fault("internal", "the source of randomness gave too few bytes");
  return new Hidden(bytes);
}

/** A fresh key for one attempt to write one object: nothing is overwritten or resumed, so no key meets a nonce twice. */
export const newObjectKey = newKey;

/** RFC 3394 (AES-256 key wrap): `key` (32 bytes) under `under` (32 bytes) becomes 40 bytes; the same each time. Throws `input.invalid` for other lengths. */
export function wrapKey(under: SecretKey, key: SecretKey): Buffer {
  const plain = key.reveal();
  if (plain.length !== KEY_BYTES || under.reveal().length !== KEY_BYTES) {
    throw new Fault("input.invalid", "a key and the key that wraps it have 32 bytes each");
  }
  const cipher = createCipheriv("id-aes256-wrap", under.reveal(), INITIAL_VALUE);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

/** The inverse of `wrapKey`. Throws `key.broken` when the 40 bytes were changed or belong under another key. */
export function unwrapKey(under: SecretKey, wrapped: Uint8Array): SecretKey {
  if (wrapped.length !== WRAPPED_BYTES) throw new Fault("key.broken", `a wrapped key has ${WRAPPED_BYTES} bytes`);
  const decipher = createDecipheriv("id-aes256-wrap", under.reveal(), INITIAL_VALUE);
  try {
    return new Hidden(Buffer.concat([decipher.update(wrapped), decipher.final()]));
  } catch (cause) {
    throw new Fault("key.broken", "a wrapped key was changed, or another key wrapped it", { cause });
  }
}

/** Moves a wrapped key from one key to another (rotation, merge and split of studies): 40 bytes change, no object does. Throws `key.broken`. */
export function rewrapKey(from: SecretKey, to: SecretKey, wrapped: Uint8Array): Buffer {
  return wrapKey(to, unwrapKey(from, wrapped));
}
