import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Hidden } from "#kit/hidden.ts";
import { CHUNK_BYTES } from "./layout.ts";
import { sealBytes } from "./sealer.ts";

type Reader = { open: (sealed: Uint8Array, key: Uint8Array) => Buffer };

const page = readFileSync(join(import.meta.dirname, "../../../docs/seal-format.md"), "utf8");
const code = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
const reader = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Reader;

test("the reader printed in docs/seal-format.md opens objects of every shape", () => {
  for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 99]) {
    const key = randomBytes(32);
    const plain = randomBytes(size);
    const sealed = sealBytes({ key: new Hidden(key), objectId: randomUUID() }, plain);
    assert.ok(reader.open(sealed, key).equals(plain));
    assert.throws(() => reader.open(sealed, randomBytes(32)), /another key/);
    assert.throws(() => reader.open(sealed.subarray(0, -1), key));
  }
});

const SMALL =
  "89534c5345414c0a010110000000000000112233445566778899aabbccddeeff" + // header: magic, version, object id
  "32243b7d32597bb4225dca99000a8bb7a7384e042830d15c1f6accde1b608cbb" + // key check
  "885edb6e51ffd54266a519d17c0944d89ba93b304944d1b396" + // 9 bytes and their tag
  "5b2f2587361dffcdf50389aec0665c0b"; // closing tag
const LARGE = "862e2e35a4a6a7f8c639001ee0152f711ed03b28a5563423bac819e9986bf358";

/** The expected values were computed with Python's cryptography package from docs/seal-format.md alone. */
test("version 1 stays what it is: a fixed key, id and text give these bytes for ever", () => {
  const key = new Hidden(Buffer.from(Array.from({ length: 32 }, (_, i) => i)));
  const objectId = "00112233-4455-6677-8899-aabbccddeeff";
  const small = sealBytes({ key, objectId }, Buffer.from("Safelight"));
  assert.equal(small.toString("hex"), SMALL);
  const large = sealBytes({ key, objectId }, Buffer.alloc(2 * CHUNK_BYTES + 5, 0x5a));
  assert.equal(createHash("sha256").update(large).digest("hex"), LARGE);
});
