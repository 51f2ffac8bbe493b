import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";

/**
 * What a secret opens. The kind stands in its text, so that scanners for leaked secrets and people can tell, and takes
 * part in the hash, so that one kind never passes for another.
 */
export type SecretKind = "link" | "cookie" | "token" | "invite" | "reset" | "setup";

/** 192 bits: nobody guesses them, so that one round of SHA-256 is enough to store them. */
const RANDOM_BYTES = 24;

/**
 * A new secret: `sl_<kind>_<32 characters of base64url><6 of checksum>`. Show it once, store `hashSecret` of it. The
 * checksum (CRC-32, base64url) tells a mistyped secret from a wrong one without asking the database; it protects nothing.
 */
export function createSecret(kind: SecretKind, random: (bytes: number) => Uint8Array = randomBytes): Hidden<string> {
  const bytes = random(RANDOM_BYTES);
  if (bytes.length !== RANDOM_BYTES) throw new Fault("internal", "the source of randomness gave too few bytes");
  const body = `sl_${kind}_${Buffer.from(bytes).toString("base64url")}`;
  return new Hidden(body + checksum(body));
}

/** The secret in a text from outside, or undefined when it is none of that kind: then no database need be asked. */
export function parseSecret(kind: SecretKind, text: string): Hidden<string> | undefined {
  const prefix = `sl_${kind}_`;
  if (text.length !== prefix.length + 38 || !text.startsWith(prefix) || !/^[A-Za-z0-9_-]+$/.test(text))
    return undefined;
  const body = text.slice(0, -6);
  return checksum(body) === text.slice(-6) ? new Hidden(text) : undefined;
}

/** What is stored and looked up: SHA-256 of the secret's text, 32 bytes. Right for secrets of `createSecret` and for nothing that people choose. */
export function hashSecret(secret: Hidden<string>): Buffer {
  return createHash("sha256").update(secret.reveal()).digest();
}

/** Whether a secret is the one whose hash is stored, in constant time. */
export function sameSecret(secret: Hidden<string>, stored: Uint8Array): boolean {
  const hash = hashSecret(secret);
  return stored.length === hash.length && timingSafeEqual(hash, stored);
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64url");
}
