import { createHmac } from "node:crypto";
import { setTimeout } from "node:timers/promises";

const STEP = 30_000;
const TO_TYPE = 10_000; // ms

/**
 * The code as a person reads it who waits for the next one when there is no time left to type it: it stays right for ten
 * seconds and more. `ahead` gives the code of a later step, or of an earlier one that is still taken.
 */
export async function codeOf(base32: string, ahead = 0): Promise<string> {
  const left = STEP - (Date.now() % STEP);
  if (left < TO_TYPE) await setTimeout(left);
  return totpOf(base32, ahead);
}

/** RFC 6238 with the values every authenticator app has: SHA-1, 30 seconds, 6 digits. */
function totpOf(base32: string, ahead: number): string {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) + ahead));
  const mac = createHmac("sha1", fromBase32(base32)).update(step).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f; // RFC 4226 §5.3
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** RFC 4648 §6, without padding. */
function fromBase32(text: string): Buffer {
  const bits = [...text.replaceAll(/[\s=]/g, "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter.toUpperCase()).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
