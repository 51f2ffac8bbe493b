import { hkdfSync } from "node:crypto";
import { Hidden } from "#kit/hidden.ts";
import { KEY_BYTES, type SecretKey } from "./wrap.ts";

/** A key of 32 bytes for one purpose, from another key: HKDF-SHA-256 (RFC 5869) without salt, the purpose as info. The same each time. */
export function deriveKey(from: SecretKey, purpose: string): SecretKey {
  return new Hidden(new Uint8Array(hkdfSync("sha256", from.reveal(), "", purpose, KEY_BYTES)));
}
