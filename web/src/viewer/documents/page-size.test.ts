import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureSize } from "./page-size.ts";

test("a page is drawn as wide as it is shown", () => {
  assert.deepEqual(pictureSize(900, Math.SQRT2), { width: 900, height: 1273 });
});

test("a page that claims to be a tower or a ribbon costs no more than any other", () => {
  assert.deepEqual(pictureSize(3000, 1_000_000), { width: 1, height: 4096 });
  assert.deepEqual(pictureSize(3000, 1e-9), { width: 3000, height: 1 });
  assert.deepEqual(pictureSize(100_000, 1), { width: 4096, height: 4096 });
});
