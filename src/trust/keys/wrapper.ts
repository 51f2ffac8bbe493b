import { deriveKey } from "./derive.ts";
import { type SecretKey, unwrapKey, wrapKey } from "./wrap.ts";

/** What a wrapped key belongs to, such as its organisation and version. A wrap opens only in the context it was made in. */
export type WrapContext = Readonly<Record<string, string>>;

/**
 * Whoever holds the topmost key: a file on this machine or a key management service. `id` names key and version and is
 * recorded beside every wrap, so that after a rotation both the old and the new one can be asked. `unwrap` rejects with
 * `key.broken` for a changed wrap or another context, and with a retryable fault when the holder cannot be reached.
 */
export interface Wrapper {
  readonly id: string;
  wrap(key: SecretKey, context: WrapContext): Promise<Uint8Array>;
  unwrap(wrapped: Uint8Array, context: WrapContext): Promise<SecretKey>;
}

/**
 * A wrapper around a master key in memory. RFC 3394 has no room for a context, so each context has a wrapping key of its
 * own: HKDF-SHA-256 of the master key with the context as info.
 */
export function wrapperFromKey(master: SecretKey, id: string): Wrapper {
  const keyFor = (context: WrapContext): SecretKey => {
    const names = Object.keys(context).sort();
    const info = JSON.stringify(["safelight wrap", ...names.map((name) => [name, context[name]])]);
    return deriveKey(master, info);
  };
  return {
    id,
    wrap: async (key, context) => wrapKey(keyFor(context), key),
    unwrap: async (wrapped, context) => unwrapKey(keyFor(context), wrapped),
  };
}
