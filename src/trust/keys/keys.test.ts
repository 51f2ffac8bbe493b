import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Hidden } from "#kit/hidden.ts";
import { KeyCache } from "./cache.ts";
import { formatMasterKey, masterFromRecovery, masterKeyId, parseMasterKey, recoveryKeyOf } from "./master.ts";
import { newKey, newObjectKey, rewrapKey, type SecretKey, unwrapKey, wrapKey } from "./wrap.ts";
import { wrapperFromKey } from "./wrapper.ts";

const hex = (text: string): SecretKey => new Hidden(Buffer.from(text.replaceAll(" ", ""), "hex"));
const same = (a: SecretKey, b: SecretKey) => Buffer.from(a.reveal()).equals(b.reveal());

test("RFC 3394 §4.6: 256 bits of key data wrapped with a 256-bit key", () => {
  const under = hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
  const key = hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
  const wrapped = hex("28C9F404C4B810F4 CBCCB35CFB87F826 3F5786E2D80ED326 CBC7F0E71A99F43B FB988B9B7A02DD21").reveal();
  assert.deepEqual(wrapKey(under, key), wrapped);
  assert.ok(same(unwrapKey(under, wrapped), key));
});

test("whatever is wrapped unwraps to the same key, and a changed bit or another key opens nothing", () => {
  const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new Hidden(bytes));
  fc.assert(
    fc.property(key32, key32, fc.nat(319), (under, key, bit) => {
      const wrapped = wrapKey(under, key);
      assert.equal(wrapped.length, 40);
      assert.ok(same(unwrapKey(under, wrapped), key));
      wrapped[bit >> 3] = (wrapped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => unwrapKey(under, wrapped), { code: "key.broken" });
    }),
  );
  const wrapped = wrapKey(newKey(), newObjectKey());
  assert.throws(() => unwrapKey(newKey(), wrapped), { code: "key.broken" });
  for (const length of [0, 32, 39, 41, 48]) {
    assert.throws(() => unwrapKey(newKey(), Buffer.alloc(length)), { code: "key.broken" });
  }
  assert.throws(() => wrapKey(newKey(), new Hidden(Buffer.alloc(16))), { code: "input.invalid" });
});

test("rotation re-wraps: the new wrapping key opens the same key, the old one no longer does", () => {
  const [old, next, key] = [newKey(), newKey(), newKey()];
  const rewrapped = rewrapKey(old, next, wrapKey(old, key));
  assert.ok(same(unwrapKey(next, rewrapped), key));
  assert.throws(() => unwrapKey(old, rewrapped), { code: "key.broken" });
});

test("a wrapper opens only in the context it wrapped in, whatever order the context is written in", async () => {
  const wrapper = wrapperFromKey(newKey(), "file:1");
  const key = newKey();
  const wrapped = await wrapper.wrap(key, { organisation: "a", version: "1" });
  assert.ok(same(await wrapper.unwrap(wrapped, { version: "1", organisation: "a" }), key));
  for (const context of [
    {},
    { organisation: "b", version: "1" },
    { organisation: "a", version: "2" },
    { organisation: "a" },
  ]) {
    await assert.rejects(wrapper.unwrap(wrapped, context), { code: "key.broken" });
  }
});

test("a master key comes back from its file's text", () => {
  const master = newKey();
  const text = formatMasterKey(master);
  assert.ok(same(parseMasterKey(text), master));
  assert.ok(same(parseMasterKey(text.replaceAll("\n", "\r\n")), master));
  assert.match(masterKeyId(master), /^[0-9a-f]{16}$/);
  assert.ok(text.split("\n").every((line) => line.length < 120));
});

test("a damaged master key file is refused without quoting it", () => {
  const text = formatMasterKey(newKey());
  const line = text.split("\n")[1] ?? "";
  const digits = line.slice(-64);
  const flipped = digits.startsWith("0") ? `1${digits.slice(1)}` : `0${digits.slice(1)}`;
  const bad = [
    "",
    "hello",
    text.replace(digits, flipped),
    text.replace(digits, digits.slice(1)),
    text.replace("key 1", "key 2"),
    `${line}\n${line}`,
    line.replace(/ [0-9a-f]{16} /, " 0000000000000000 "),
  ];
  for (const one of bad) {
    assert.throws(
      () => parseMasterKey(one),
      (error: Error & { code?: string }) => error.code === "config.invalid" && !error.message.includes(digits.slice(1)),
    );
  }
});

test("a master key comes back from its recovery key, as people type it", () => {
  const vector = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const printed = recoveryKeyOf(vector).reveal();
  assert.match(printed, /^([0-9A-HJKMNP-TV-Z]{7}-){7}[0-9A-HJKMNP-TV-Z]{7}$/);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = recoveryKeyOf(new Hidden(bytes)).reveal();
      const typed = text.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
      assert.deepEqual(Buffer.from(masterFromRecovery(typed).reveal()), Buffer.from(bytes));
    }),
  );
});

test("a recovery key with one wrong or two exchanged characters is refused", () => {
  const text = recoveryKeyOf(hex("ab".repeat(16) + "0123456789abcdef".repeat(2)))
    .reveal()
    .replaceAll("-", "");
  let refused = 0;
  for (let at = 0; at < text.length; at++) {
    const wrong = text[at] === "Z" ? "Y" : "Z";
    try {
      masterFromRecovery(text.slice(0, at) + wrong + text.slice(at + 1));
    } catch {
      refused += 1;
    }
  }
  assert.equal(refused, text.length);
  for (let at = 1; at < text.length; at++) {
    const exchanged = text.slice(0, at - 1) + text[at] + text[at - 1] + text.slice(at + 1);
    if (exchanged !== text) assert.throws(() => masterFromRecovery(exchanged), { code: "input.invalid" });
  }
  for (const bad of ["", text.slice(1), `${text}0`, text.replace(/.$/, "U"), "0".repeat(56)]) {
    assert.throws(() => masterFromRecovery(bad), { code: "input.invalid" });
  }
});

test("a cached key lives 60 seconds at most, under its own epoch, and not longer for being used", () => {
  let at = 0;
  const cache = new KeyCache({ now: () => new Date(at), maxAgeMs: 3_600_000 });
  const key = newKey();
  cache.put("a/organisation/1", 1n, key);
  at = 59_999;
  assert.equal(cache.get("a/organisation/1", 1n), key);
  at = 60_000;
  assert.equal(cache.get("a/organisation/1", 1n), undefined);
  cache.put("a/group/s", 1n, key);
  assert.equal(cache.get("a/group/s", 2n), undefined, "another epoch");
  assert.equal(cache.get("a/group/s", 1n), undefined, "and it is forgotten");
});

test("the cache forgets one organisation, what is too old, and the oldest when it is full", () => {
  let at = 0;
  const cache = new KeyCache({ now: () => new Date(at), capacity: 3 });
  const key = newKey();
  for (const name of ["a/group/1", "b/group/1", "b/group/2", "b/group/3"]) cache.put(name, 1n, key);
  assert.equal(cache.size, 3);
  assert.equal(cache.get("a/group/1", 1n), undefined);
  cache.put("c/group/1", 1n, key);
  cache.purge("b/");
  assert.equal(cache.size, 1);
  at = 60_000;
  cache.sweep();
  assert.equal(cache.size, 0);
});

test("keys do not print themselves", () => {
  const bytes = randomBytes(32);
  const key = new Hidden(bytes);
  assert.ok(!(String(key) + JSON.stringify({ key })).includes(bytes.toString("hex")));
  assert.equal(String(recoveryKeyOf(key)), "[hidden]");
});
