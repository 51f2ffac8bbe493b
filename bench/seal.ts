import { createCipheriv, randomBytes, randomUUID } from "node:crypto";
import { Hidden } from "../src/kit/hidden.ts";
import { Opener } from "../src/trust/seal/opener.ts";
import { readRange } from "../src/trust/seal/range.ts";
import { Sealer, sealBytes } from "../src/trust/seal/sealer.ts";

/**
 * Sealing on one core beside the bare cipher it is made of (one AES-256-GCM per 64 KiB, no header, no additional data), the
 * same bytes, interleaved, medians of five. Prints MB/s (10^6 bytes) and the ratio.
 */
const ROUNDS = 5;
const BYTES = 256 * 2 ** 20;
const input = randomBytes(BYTES / 16);
const newSealKey = () => ({ key: new Hidden<Uint8Array>(randomBytes(32)), objectId: randomUUID() });

function bareCipher(): void {
  const key = randomBytes(32);
  const nonce = Buffer.alloc(12);
  for (let done = 0; done < BYTES; done += input.length) {
    for (let at = 0; at < input.length; at += 65_536) {
      nonce.writeUInt32BE((done + at) / 65_536, 7);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.update(input.subarray(at, at + 65_536));
      cipher.final();
      cipher.getAuthTag();
    }
  }
}

const seal = (pieceBytes: number) => (): void => {
  const sealer = new Sealer(newSealKey());
  for (let done = 0; done < BYTES; done += input.length) {
    for (let at = 0; at < input.length; at += pieceBytes) sealer.update(input.subarray(at, at + pieceBytes));
  }
  sealer.final();
};

const key = newSealKey();
const sealed = sealBytes(key, input);
const openWhole = (): void => {
  for (let done = 0; done < BYTES; done += input.length) {
    const opener = new Opener(key);
    for (let at = 0; at < sealed.length; at += 2 ** 20) opener.update(sealed.subarray(at, at + 2 ** 20));
    opener.final();
  }
};
const readAt = async (offset: number, length: number) => sealed.subarray(offset, offset + length);
const openFrames = async (): Promise<void> => {
  const frame = 2 ** 19;
  for (let done = 0; done < BYTES; done += frame) {
    const start = done % (input.length - frame);
    await readRange({ ...key, sealedBytes: sealed.length, readAt }, start, start + frame);
  }
};
const small = randomBytes(39_000);
const sealSmall = (): void => {
  for (let done = 0; done < BYTES / 8; done += small.length) sealBytes(newSealKey(), small);
};

const contestants: readonly [name: string, bytes: number, run: () => void | Promise<void>][] = [
  ["bare AES-256-GCM, 64 KiB a call", BYTES, bareCipher],
  ["seal, input in 256 KiB pieces", BYTES, seal(262_144)],
  ["seal, input in 128 KiB less 6 (PDUs)", BYTES, seal(131_066)],
  ["seal, input in 16 KiB pieces", BYTES, seal(16_384)],
  ["open whole, input in 1 MiB pieces", BYTES, openWhole],
  ["open ranges of 512 KiB", BYTES, openFrames],
  ["seal objects of 39 kB, a key each", BYTES / 8, sealSmall],
];

const rates = new Map<string, number[]>();
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, bytes, run] of contestants) {
    const begin = performance.now();
    await run();
    const rate = bytes / 1000 / (performance.now() - begin);
    if (round > 0) rates.set(name, [...(rates.get(name) ?? []), rate]); // the first round warms up
  }
}
const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const bare = median(rates.get(contestants[0]?.[0] ?? "") ?? []);
for (const [name, values] of rates) {
  const rate = median(values);
  process.stdout.write(
    `${name.padEnd(40)} ${rate.toFixed(0).padStart(6)} MB/s  ${(rate / bare).toFixed(2)} of the bare cipher\n`,
  );
}
