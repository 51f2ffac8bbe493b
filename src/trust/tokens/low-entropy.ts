import { createHmac, randomBytes, randomInt, scrypt, timingSafeEqual } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";

/**
 * scrypt (RFC 7914) with N = 2^15, r = 8, p = 3: 32 MiB and about 0.2 s a try, one of the settings that OWASP's password
 * storage cheat sheet holds equal. The parameters stand in every hash, so that they can be raised later.
 */
const COST_LOG2 = 15;
const BLOCK_SIZE = 8;
const PARALLEL = 3;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Longer inputs are refused before any work: nobody types them. In UTF-16 code units. */
const MAX_LENGTH = 1024;

/**
 * A secret of the server that a thief of the database does not have. Give it for what is so small that it can be tried
 * out however slow the hash is: six digits, birth dates.
 */
export type Pepper = { pepper?: Hidden<Uint8Array> };

/** A one-time code of that many decimal digits, each code as likely as any other. It needs a limit of tries and a short life. */
export function oneTimeCode(
  digits = 6,
  random: (below: number) => number = (below) => randomInt(below),
): Hidden<string> {
  if (!Number.isInteger(digits) || digits < 6 || digits > 10) throw new Fault("internal", "a code has 6 to 10 digits");
  return new Hidden(String(random(10 ** digits)).padStart(digits, "0"));
}

/**
 * The hash of a password, a code or a birth date, as text: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>` (base64 without
 * padding). Different each time. Unicode is normalised (NFKC), so that every keyboard gives the same.
 * Throws `input.too-large` beyond 1024 characters.
 */
export async function hashLowEntropy(value: Hidden<string>, { pepper }: Pepper = {}): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await stretch(inputOf(value, pepper), salt, COST_LOG2, BLOCK_SIZE, PARALLEL);
  return `$scrypt$ln=${COST_LOG2},r=${BLOCK_SIZE},p=${PARALLEL}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Whether a value is the one that was hashed, with the same pepper. A stored text that is no such hash throws `internal`. */
export async function verifyLowEntropy(
  value: Hidden<string>,
  stored: string,
  { pepper }: Pepper = {},
): Promise<boolean> {
  const { costLog2, blockSize, parallel, salt, hash } = parse(stored);
  if (value.reveal().length > MAX_LENGTH) return false;
  return timingSafeEqual(await stretch(inputOf(value, pepper), salt, costLog2, blockSize, parallel), hash);
}

/** Whether a stored hash was made with weaker parameters than today's: hash again at the next right answer. */
export function isOutdated(stored: string): boolean {
  const { costLog2, blockSize, parallel } = parse(stored);
  return costLog2 < COST_LOG2 || blockSize < BLOCK_SIZE || parallel < PARALLEL;
}

/** Takes as long as verifying does and is never right: for whoever is unknown, so that time does not tell. */
export async function verifyNothing(value: Hidden<string>): Promise<false> {
  const input = Buffer.from(value.reveal().slice(0, MAX_LENGTH), "utf8");
  await stretch(input, Buffer.alloc(SALT_BYTES), COST_LOG2, BLOCK_SIZE, PARALLEL);
  return false;
}

function inputOf(value: Hidden<string>, pepper: Hidden<Uint8Array> | undefined): Buffer {
  if (value.reveal().length > MAX_LENGTH)
    throw new Fault("input.too-large", `at most ${MAX_LENGTH} characters are allowed`);
  const text = value.reveal().normalize("NFKC");
  return pepper === undefined ? Buffer.from(text, "utf8") : createHmac("sha256", pepper.reveal()).update(text).digest();
}

type Stored = { costLog2: number; blockSize: number; parallel: number; salt: Buffer; hash: Buffer };

/** Bounded: what stands in the database must not decide how much memory is taken. */
function parse(stored: string): Stored {
  const form = /^\$scrypt\$ln=(1[0-9]|20),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
  const [, ln, r, p, salt, hash] = form.exec(stored) ?? [];
  const [blockSize, parallel] = [Number(r), Number(p)];
  if (salt === undefined || hash === undefined || blockSize < 1 || blockSize > 16 || parallel < 1) {
    throw new Fault("internal", "a stored hash is not in its form");
  }
  return {
    costLog2: Number(ln),
    blockSize,
    parallel,
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

function stretch(input: Buffer, salt: Buffer, costLog2: number, blockSize: number, parallel: number): Promise<Buffer> {
  const cost = 2 ** costLog2;
  const options = { N: cost, r: blockSize, p: parallel, maxmem: 256 * cost * blockSize };
  return new Promise((resolve, reject) => {
    scrypt(input, salt, HASH_BYTES, options, (error, hash) => (error === null ? resolve(hash) : reject(error)));
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
