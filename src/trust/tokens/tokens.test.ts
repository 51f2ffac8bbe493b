import assert from "node:assert/strict";
import { createHash, scryptSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Hidden } from "#kit/hidden.ts";
import { hashLowEntropy, isOutdated, oneTimeCode, verifyLowEntropy, verifyNothing } from "./low-entropy.ts";
import { createSecret, hashSecret, parseSecret, sameSecret } from "./secret.ts";

test("a secret has 192 random bits, a prefix for scanners and a checksum, and reads back", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 1000; i++) {
    const text = createSecret("link").reveal();
    assert.match(text, /^sl_link_[A-Za-z0-9_-]{38}$/);
    assert.equal(parseSecret("link", text)?.reveal(), text);
    seen.add(text);
  }
  assert.equal(seen.size, 1000);
  const fixed = createSecret("token", (count) => Buffer.alloc(count, 0xab)).reveal();
  assert.equal(fixed.slice(0, 41), `sl_token_${Buffer.alloc(24, 0xab).toString("base64url")}`);
});

test("a mistyped, shortened or foreign secret is told without a database", () => {
  const text = createSecret("link").reveal();
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom("A", "z", "0", "-", "_", " ", "é"), (at, by) => {
      const typed = text.slice(0, at) + by + text.slice(at + 1);
      if (typed !== text) assert.equal(parseSecret("link", typed), undefined);
    }),
  );
  for (const bad of ["", text.slice(1), `${text}A`, text.replace("link", "cookie"), "x".repeat(1_000_000)]) {
    assert.equal(parseSecret("link", bad), undefined);
  }
  assert.equal(parseSecret("cookie", text), undefined);
});

test("only the hash is stored, and only the same secret matches it", () => {
  const secret = createSecret("link");
  const stored = hashSecret(secret);
  assert.deepEqual(stored, createHash("sha256").update(secret.reveal()).digest());
  assert.ok(sameSecret(secret, stored));
  assert.equal(sameSecret(createSecret("link"), stored), false);
  assert.equal(sameSecret(secret, stored.subarray(1)), false);
  assert.equal(String(secret) + JSON.stringify(secret), '[hidden]"[hidden]"');
});

test("one-time codes have six digits, leading zeros included, and are uniform", () => {
  assert.equal(oneTimeCode(6, () => 7).reveal(), "000007");
  assert.equal(oneTimeCode(8, (below) => below - 1).reveal(), "99999999");
  const digits = Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const code = oneTimeCode().reveal();
    assert.match(code, /^\d{6}$/);
    digits[Number(code[0])] = (digits[Number(code[0])] ?? 0) + 1;
  }
  // chi-square, 9 degrees of freedom: beyond 45 once in a million runs
  const chi = digits.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  assert.ok(chi < 45, `chi-square ${chi}`);
  assert.throws(() => oneTimeCode(4), { code: "internal" });
});

test("a password verifies against its hash, and nothing else does", async () => {
  const stored = await hashLowEntropy(new Hidden("Geburtstag 12"));
  assert.match(stored, /^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.ok(await verifyLowEntropy(new Hidden("Geburtstag 12"), stored));
  assert.equal(await verifyLowEntropy(new Hidden("Geburtstag 13"), stored), false);
  assert.equal(await verifyLowEntropy(new Hidden("x".repeat(2000)), stored), false);
  assert.notEqual(await hashLowEntropy(new Hidden("Geburtstag 12")), stored);
  assert.equal(await verifyNothing(new Hidden("Geburtstag 12")), false);
  await assert.rejects(hashLowEntropy(new Hidden("x".repeat(1025))), { code: "input.too-large" });
});

test("a hash is scrypt of the normalised text: composed and decomposed letters are one password", async () => {
  const stored = await hashLowEntropy(new Hidden("Ｍu\u0308ller"));
  assert.ok(await verifyLowEntropy(new Hidden("Müller"), stored));
  const [salt, hash] = stored
    .split("$")
    .slice(3)
    .map((part) => Buffer.from(part, "base64"));
  const again = scryptSync(Buffer.from("M\u00fcller"), salt ?? "", 32, { N: 32768, r: 8, p: 3, maxmem: 2 ** 27 });
  assert.deepEqual(again, hash);
});

test("with a pepper, a thief of the database cannot try out what is small", async () => {
  const [pepper, other] = [new Hidden(Buffer.alloc(32, 1)), new Hidden(Buffer.alloc(32, 2))];
  const stored = await hashLowEntropy(new Hidden("19700131"), { pepper });
  assert.ok(await verifyLowEntropy(new Hidden("19700131"), stored, { pepper }));
  assert.equal(await verifyLowEntropy(new Hidden("19700131"), stored), false);
  assert.equal(await verifyLowEntropy(new Hidden("19700131"), stored, { pepper: other }), false);
});

test("weaker parameters of the past verify and are reported, absurd ones are refused", async () => {
  const salt = Buffer.alloc(16, 7);
  const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  const old = `$scrypt$ln=14,r=8,p=1$${text(salt)}$${text(scryptSync("x", salt, 32, { N: 16384, r: 8, p: 1 }))}`;
  assert.ok(await verifyLowEntropy(new Hidden("x"), old));
  assert.ok(isOutdated(old));
  assert.equal(isOutdated(old.replace("ln=14", "ln=15").replace("p=1", "p=3")), false);
  const bad = [
    "",
    "x",
    old.replace("ln=14", "ln=31"),
    old.replace("r=8", "r=99"),
    old.replace("r=8", "r=0"),
    old.replace("p=1", "p=0"),
    old.slice(1),
    `${old}A`,
  ];
  for (const one of bad) await assert.rejects(verifyLowEntropy(new Hidden("x"), one), { code: "internal" });
});
