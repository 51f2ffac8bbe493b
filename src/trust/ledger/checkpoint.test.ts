import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Hidden } from "#kit/hidden.ts";
import { newKey } from "../keys/wrap.ts";
import { type Checkpoint, checkpointHash, readCheckpoint, signCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { leafHash } from "./merkle.ts";
import { formatVerifier, keyIdOf, parseVerifier, publicKeyBytes, signingKeyOf } from "./signing.ts";

/** RFC 8032 §7.1, test 1. */
const SEED = new Hidden(Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex"));
const PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

const signingKey = signingKeyOf(SEED);
const publicKey = createPublicKey(signingKey);
const first: Checkpoint = {
  organisation: "0190f3a0-7c1e-7000-8000-000000000001",
  size: 3,
  root: leafHash("root"),
  previous: undefined,
  at: new Date("2026-01-02T03:04:05.678Z"),
};

test("RFC 8032 §7.1: a seed gives its public key", () => {
  assert.equal(publicKeyBytes(signingKey).toString("hex"), PUBLIC);
  assert.equal(publicKeyBytes(publicKey).toString("hex"), PUBLIC);
});

test("C2SP signed-note: the key id of the specification's example key", () => {
  const line = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const [, name, id, base64] = /^([^+]+)\+([^+]+)\+(.+)$/.exec(line) ?? [];
  assert.equal(name, "PeterNeumann");
  assert.equal(keyIdOf("PeterNeumann", Buffer.from(base64 ?? "", "base64").subarray(1)).toString("hex"), id);
});

test("a checkpoint is a C2SP note in its one form", () => {
  const note = signCheckpoint(first, signingKey);
  const root = Buffer.from(first.root).toString("base64");
  const text = `safelight/${first.organisation}\n3\n${root}\nprevious -\ntime 2026-01-02T03:04:05.678Z\n`;
  assert.ok(note.startsWith(`${text}\n— safelight/${first.organisation} `));
  assert.deepEqual(verifyCheckpoint(note, publicKey, first.organisation), {
    holds: true,
    checkpoint: { ...first, root: Buffer.from(first.root) },
  });
});

test("a checkpoint names its predecessor by what was signed, whoever else signs it later", () => {
  const note = signCheckpoint(first, signingKey);
  const witnessed = `${note}— witness.example AAAAAAAAAAAA\n`;
  assert.deepEqual(checkpointHash(note), checkpointHash(witnessed));
  assert.ok(verifyCheckpoint(witnessed, publicKey).holds);
  const second = signCheckpoint({ ...first, size: 4, previous: checkpointHash(note) }, signingKey);
  assert.deepEqual(readCheckpoint(second).previous, checkpointHash(note));
});

test("no changed character, other key or other organisation leaves a checkpoint that holds", () => {
  const note = signCheckpoint(first, signingKey);
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.string({ minLength: 0, maxLength: 1, unit: "binary-ascii" }), (at, by) => {
      const changed = note.slice(0, at) + by + note.slice(at + 1);
      if (changed !== note) assert.equal(verifyCheckpoint(changed, publicKey).holds, false);
    }),
    { numRuns: 500 },
  );
  const other = createPublicKey(signingKeyOf(newKey()));
  assert.equal(verifyCheckpoint(note, other).holds, false);
  assert.equal(verifyCheckpoint(note, publicKey, "another").holds, false);
});

test("what is no checkpoint is refused with a reason", () => {
  const note = signCheckpoint(first, signingKey);
  const bad = [
    "",
    "\n\n",
    note.slice(0, -1),
    note.replace("\n3\n", "\n03\n"),
    note.replace("\n3\n", "\n99999999999999999\n"),
    note.replace("previous -", "previous"),
    note.replace(".678Z", ".678+"),
    note.replace("01-02", "02-31"),
    `${"a".repeat(20_000)}\n\n— a AAAA\n`,
  ];
  for (const one of bad) {
    const verdict = verifyCheckpoint(one, publicKey);
    assert.ok(!verdict.holds && verdict.because.length > 10);
  }
  assert.throws(() => signCheckpoint({ ...first, size: -1 }, signingKey), { code: "input.invalid" });
  assert.throws(() => signCheckpoint({ ...first, root: Buffer.alloc(31) }, signingKey), { code: "input.invalid" });
  assert.throws(() => signCheckpoint({ ...first, organisation: "a b" }, signingKey), { code: "input.invalid" });
});

test("the public key comes back from its one line, and a mistyped line is refused", () => {
  const line = formatVerifier(first.organisation, signingKey);
  const parsed = parseVerifier(`${line}\n`);
  assert.equal(parsed.organisation, first.organisation);
  assert.equal(publicKeyBytes(parsed.publicKey).toString("hex"), PUBLIC);
  for (const bad of [
    "",
    line.slice(1),
    line.replace("safelight/0", "safelight/1"),
    line.replace(/.$/, "A"),
    `${line}A`,
  ]) {
    assert.throws(() => parseVerifier(bad), { code: "input.invalid" });
  }
});
