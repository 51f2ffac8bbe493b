import { createHash, hkdfSync } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { KEY_BYTES, type SecretKey } from "./wrap.ts";

/**
 * The text of a master key file (kept with mode 0600, outside the backup of the data):
 *
 *     safelight-master-key 1 <key id> <64 hexadecimal digits>
 *
 * and a line feed. Lines that begin with # are comments.
 */
export function formatMasterKey(master: SecretKey): string {
  const hex = Buffer.from(master.reveal()).toString("hex");
  return `# Without this key no image here can ever be opened. Keep a copy apart from the data and its backups.\nsafelight-master-key 1 ${masterKeyId(master)} ${hex}\n`;
}

/** The key in a master key file. Throws `config.invalid`, without quoting the file. */
export function parseMasterKey(text: string): SecretKey {
  const lines = text.slice(0, 4096).split("\n");
  const words = lines
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => line.trim().split(/\s+/));
  const [name, version, id, hex] = words[0] ?? [];
  if (words.length !== 1 || name !== "safelight-master-key") {
    throw new Fault(
      "config.invalid",
      "this is not a master key file: it needs one line that begins with safelight-master-key",
    );
  }
  if (version !== "1") throw new Fault("config.invalid", "this master key file has a version not known here");
  if (hex === undefined || !/^[0-9a-f]{64}$/i.test(hex)) {
    throw new Fault("config.invalid", "the key in the master key file has not 64 hexadecimal digits");
  }
  const master = new Hidden(new Uint8Array(Buffer.from(hex, "hex")));
  if (masterKeyId(master) !== id)
    throw new Fault("config.invalid", "the master key file is damaged: key and id differ");
  return master;
}

/** A public name of a master key, recorded beside every wrap: 16 hexadecimal digits that say nothing about the key. */
export function masterKeyId(master: SecretKey): string {
  return Buffer.from(hkdfSync("sha256", master.reveal(), "", "safelight master key id", 8)).toString("hex");
}

/** Crockford's base 32: no I, L, O or U, so that what is read aloud or typed from paper comes back. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RECOVERY_VERSION = 1;
const GROUP = 7;

/**
 * The master key for paper: version (1 byte), key (32) and checksum (2) as 56 characters of Crockford's base 32, in eight
 * groups of seven. It is the key itself: print it, do not store it beside the data.
 */
export function recoveryKeyOf(master: SecretKey): Hidden<string> {
  const body = Buffer.concat([Buffer.of(RECOVERY_VERSION), master.reveal()]);
  const text = base32(Buffer.concat([body, checksum(body)]));
  return new Hidden((text.match(new RegExp(`.{${GROUP}}`, "g")) ?? []).join("-"));
}

/** The master key from its recovery key: case, spaces and hyphens do not matter, O reads as 0, I and L as 1. Throws `input.invalid`, without quoting it. */
export function masterFromRecovery(text: string): SecretKey {
  const plain = text.slice(0, 256).toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  const bytes = plain.length === 56 ? fromBase32(plain) : undefined;
  if (bytes === undefined)
    throw new Fault("input.invalid", "a recovery key has 56 letters and digits in eight groups of seven");
  const body = bytes.subarray(0, 1 + KEY_BYTES);
  if (!checksum(body).equals(bytes.subarray(1 + KEY_BYTES))) {
    throw new Fault("input.invalid", "the recovery key has a typing mistake: its checksum does not match");
  }
  if (body[0] !== RECOVERY_VERSION) throw new Fault("input.invalid", "this recovery key has a version not known here");
  return new Hidden(new Uint8Array(body.subarray(1)));
}

function checksum(body: Buffer): Buffer {
  return createHash("sha256").update("safelight recovery key").update(body).digest().subarray(0, 2);
}

function base32(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 5) {
    const five = bytes.readUIntBE(at, 5);
    for (let digit = 7; digit >= 0; digit--) text += ALPHABET[Math.floor(five / 32 ** digit) % 32];
  }
  return text;
}

function fromBase32(text: string): Buffer | undefined {
  const bytes = Buffer.alloc((text.length * 5) / 8);
  for (let at = 0; at < text.length; at += 8) {
    let five = 0;
    for (const character of text.slice(at, at + 8)) {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) return undefined;
      five = five * 32 + digit;
    }
    bytes.writeUIntBE(five, (at * 5) / 8, 5);
  }
  return bytes;
}
