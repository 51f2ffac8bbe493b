import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import type { SecretKey } from "../keys/wrap.ts";

/** RFC 8410 §7: what stands before the 32 bytes of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
/** C2SP signed-note: the signature type of Ed25519. */
const ED25519 = Buffer.of(1);

/** The signing key of an organisation's ledger from its seed: 32 random bytes that are wrapped and stored as any other key. */
export function signingKeyOf(seed: SecretKey): KeyObject {
  const bytes = seed.reveal();
  if (bytes.length !== 32) throw new Fault("input.invalid", "an Ed25519 seed has 32 bytes");
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes]), format: "der", type: "pkcs8" });
}

/** The public key (32 bytes, RFC 8032) of a signing or public key. */
export function publicKeyBytes(key: KeyObject): Buffer {
  const spki = (key.type === "private" ? createPublicKey(key) : key).export({ format: "der", type: "spki" });
  return spki.subarray(SPKI_PREFIX.length);
}

/** The public key of those 32 bytes (RFC 8032). Throws `input.invalid` for another length. */
export function publicKeyOf(bytes: Uint8Array): KeyObject {
  if (bytes.length !== 32) throw new Fault("input.invalid", "an Ed25519 public key has 32 bytes");
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: "der", type: "spki" });
}

/** The name that signs an organisation's checkpoints and their first line: C2SP's origin. Throws `input.invalid`. */
export function originOf(organisation: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(organisation))
    throw new Fault("input.invalid", "an organisation's id is expected");
  return `safelight/${organisation}`;
}

/** C2SP signed-note: the key's 4-byte id, SHA-256(name ‖ LF ‖ 0x01 ‖ key) cut to 4 bytes. */
export function keyIdOf(origin: string, publicKey: Uint8Array): Buffer {
  return createHash("sha256").update(`${origin}\n`).update(ED25519).update(publicKey).digest().subarray(0, 4);
}

/** A public key as one line to hand out, in C2SP's form: `safelight/<organisation>+<key id>+<base64 of type and key>`. */
export function formatVerifier(organisation: string, key: KeyObject): string {
  const bytes = publicKeyBytes(key);
  const id = keyIdOf(originOf(organisation), bytes).toString("hex");
  return `${originOf(organisation)}+${id}+${Buffer.concat([ED25519, bytes]).toString("base64")}`;
}

/** The organisation and public key in such a line. Throws `input.invalid`. */
export function parseVerifier(text: string): { organisation: string; publicKey: KeyObject } {
  const [, organisation, id, base64] =
    /^safelight\/([A-Za-z0-9._-]{1,64})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(base64 ?? "", "base64");
  const publicKey = bytes.subarray(1);
  if (
    organisation === undefined ||
    bytes[0] !== 1 ||
    publicKey.length !== 32 ||
    keyIdOf(originOf(organisation), publicKey).toString("hex") !== id
  ) {
    throw new Fault("input.invalid", "this is not the public key of a ledger: safelight/…+…+… is expected");
  }
  return { organisation, publicKey: publicKeyOf(publicKey) };
}
