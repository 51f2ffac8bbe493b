import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Hidden } from "#kit/hidden.ts";
import { openSmall, sealSmall } from "#trust/seal/envelope.ts";

const key = new Hidden<Uint8Array>(randomBytes(32));

test("a small sealed value opens under its key and context", () => {
  const sealed = sealSmall(key, "header:1", Buffer.from("NKOSI^Ayanda"));
  assert.equal(openSmall(key, "header:1", sealed).toString(), "NKOSI^Ayanda");
  assert.ok(!sealed.includes("NKOSI"));
});

test("a changed bit anywhere, another context or another key is refused", () => {
  const sealed = sealSmall(key, "header:1", Buffer.from("value"));
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => openSmall(key, "header:1", changed), { code: "seal.broken" });
  }
  assert.throws(() => openSmall(key, "header:2", sealed), { code: "seal.broken" });
  assert.throws(() => openSmall(new Hidden<Uint8Array>(randomBytes(32)), "header:1", sealed), { code: "seal.broken" });
  assert.throws(() => openSmall(key, "header:1", sealed.subarray(0, 20)), { code: "seal.broken" });
});
