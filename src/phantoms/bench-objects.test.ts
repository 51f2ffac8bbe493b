import assert from "node:assert/strict";
import { test } from "node:test";
import { bigMultiframe, syntheticCtSlice } from "#phantoms/bench-objects.ts";
import { concat } from "#standards/dicom/concat.ts";
import { parseUid } from "#standards/dicom/uid.ts";
import { iodErrors } from "../../test/support/iod.ts";

test("each suffix gives a slice its own UID, in the file meta information and the data set", () => {
  const one = syntheticCtSlice({ uidSuffix: 1, study: 7 });
  const two = syntheticCtSlice({ uidSuffix: 2n ** 60n, study: 7 });
  assert.notEqual(parseUid(one.sopInstanceUid), parseUid(two.sopInstanceUid));
  for (const { sopInstanceUid, part10 } of [one, two]) {
    const bytes = Buffer.from(part10);
    const first = bytes.indexOf(sopInstanceUid);
    assert.ok(first > 132 && bytes.indexOf(sopInstanceUid, first + 1) > first);
  }
  assert.equal(one.part10.length, two.part10.length);
  assert.ok(one.part10.length > 512 * 512 * 2);
});

test("a synthetic slice is a complete CT image", () => {
  assert.deepEqual(iodErrors(syntheticCtSlice({ uidSuffix: 42 }).part10), []);
});

test("a suffix that does not fit is refused", () => {
  assert.throws(() => syntheticCtSlice({ uidSuffix: 10n ** 31n }), { code: "input.invalid" });
  assert.throws(() => syntheticCtSlice({ uidSuffix: -1 }), { code: "input.invalid" });
});

test("a big object is as long as it says, piece by piece, and a complete secondary capture", () => {
  const big = bigMultiframe({ bytes: 5_000_000 });
  const bytes = concat([...big.chunks]);
  assert.equal(bytes.length, big.length);
  assert.deepEqual(iodErrors(bytes), []);
});

test("two gigabytes can be counted without being held", () => {
  const before = process.memoryUsage().rss;
  const big = bigMultiframe({ bytes: 2 * 1024 ** 3 - 4096 });
  let seen = 0;
  let pieces = 0;
  for (const piece of big.chunks) {
    seen += piece.length;
    if (++pieces > 40) break;
  }
  assert.ok(big.length >= 2 * 1024 ** 3 - 4096);
  assert.ok(seen > 80 * 1024 ** 2);
  assert.ok(process.memoryUsage().rss - before < 256 * 1024 ** 2);
});

test("PS3.5 §7.1.1: more than a defined length can say is refused", () => {
  assert.throws(() => bigMultiframe({ bytes: 2 ** 32 }), { code: "input.too-large" });
});
