import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptedEncoding } from "./encoding.ts";
import { rangeOf } from "./ranges.ts";

for (const [header, coding] of [
  [undefined, "identity"],
  ["", "identity"],
  ["*", "identity"],
  ["gzip", "gzip"],
  ["gzip, deflate, br, zstd", "br"],
  ["BR", "br"],
  ["br;q=0, gzip;q=0.5", "gzip"],
  ["br; q=0.000, gzip ; q=0", "identity"],
  ["brotli, x-gzip", "identity"],
] as const) {
  test(`RFC 9110 §12.5.3: "${header}" is answered with ${coding}`, () =>
    assert.equal(acceptedEncoding(header), coding));
}

for (const [header, range] of [
  ["bytes=0-0", { start: 0, end: 1 }],
  ["bytes=5-", { start: 5, end: 10 }],
  ["bytes=-3", { start: 7, end: 10 }],
  ["bytes=-300", { start: 0, end: 10 }],
  ["bytes=2-999", { start: 2, end: 10 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=5-4", undefined],
  ["bytes=-", undefined],
  ["bytes=0-1,3-4", undefined],
  ["items=0-1", undefined],
  ["bytes=0x1-2", undefined],
  [undefined, undefined],
] as const) {
  test(`RFC 9110 §14: of 10 bytes, ${header} is ${JSON.stringify(range)}`, () =>
    assert.deepEqual(rangeOf(header, 10), range));
}
