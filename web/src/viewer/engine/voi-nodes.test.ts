import assert from "node:assert/strict";
import { test } from "node:test";
import { nodesOf } from "./voi-nodes.ts";

test("a small table is kept entry by entry", () => {
  const table = { first: -2, bits: 8, values: Uint16Array.of(0, 51, 255, 102) };
  assert.deepEqual(nodesOf(table, 1024), [
    [-2, 0],
    [-1, 0.2],
    [0, 1],
    [1, 0.4],
  ]);
});

test("a large table keeps its ends, its order and its shape", () => {
  const values = Uint16Array.from({ length: 65_536 }, (_, at) => Math.round(65_535 * (at / 65_535) ** 2));
  const nodes = nodesOf({ first: 0, bits: 16, values }, 1024);
  assert.equal(nodes.length, 1024);
  assert.deepEqual(nodes[0], [0, 0]);
  assert.deepEqual(nodes.at(-1), [65_535, 1]);
  for (const [value, brightness] of nodes) assert.ok(Math.abs(brightness - (value / 65_535) ** 2) < 1e-4);
});

test("entries brighter than the table's bits say are white, and one entry is one point", () => {
  assert.deepEqual(nodesOf({ first: 5, bits: 8, values: Uint16Array.of(999) }, 16), [[5, 1]]);
});
