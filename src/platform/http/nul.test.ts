import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { placeOfNul } from "./nul.ts";

const deep = (levels: number): unknown => JSON.parse("[".repeat(levels) + String.raw`"\u0000"` + "]".repeat(levels));

const CASES: readonly [what: string, parts: Record<string, unknown>, place: string | undefined][] = [
  ["nothing", { params: {}, query: {}, body: undefined }, undefined],
  ["other control characters", { body: { a: "\u0001\u001f\u007f", b: [1, null, true] } }, undefined],
  ["the two characters of an escape", { body: { a: String.raw`\u0000` } }, undefined],
  ["a query's value", { query: { q: "a\0" } }, "query.q"],
  ["one of several values", { query: Object.assign(Object.create(null), { q: ["a", "\0"] }) }, "query.q.1"],
  ["a key", { body: { "a\0": 1 } }, "body"],
  ["a key within", { body: { list: [{ "\0": 1 }] } }, "body.list.0"],
  ["a body that is a text", { body: "\0" }, "body"],
  ["what is streamed", { body: Readable.from(["\0"]) }, undefined],
  ["bytes", { body: Buffer.from("\0") }, undefined],
];
for (const [what, parts, place] of CASES)
  test(`U+0000 in ${what}: ${place ?? "none"}`, () => assert.equal(placeOfNul(parts), place));

test("a body that is nested as deep as it is long ends no stack, and its place is short", () => {
  assert.equal(placeOfNul({ body: deep(5_000) })?.length, 120);
  let nested: unknown = "\0";
  for (let level = 0; level < 300_000; level += 1) nested = [nested];
  assert.match(placeOfNul({ body: nested }) ?? "", /^body\.0\.0/);
});
