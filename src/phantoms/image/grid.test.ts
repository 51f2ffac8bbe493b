import assert from "node:assert/strict";
import { test } from "node:test";
import { coarse, expand } from "#phantoms/image/grid.ts";
import type { Plane } from "#phantoms/image/shape.ts";

const plane: Plane = { origin: [-3, 4, 5], right: [1, 0, 0], down: [0, 0.6, 0.8], spacing: 0.5, columns: 37, rows: 22 };

for (const step of [1, 2, 4]) {
  test(`a plane function comes back exactly from every ${step}-th sample`, () => {
    const grid = coarse(plane, step, (x, y, z) => 2 * x - y + 3 * z);
    const full = new Float32Array(plane.columns * plane.rows);
    expand(grid, step, plane.columns, plane.rows, full);
    for (const [i, j] of [
      [0, 0],
      [36, 0],
      [0, 21],
      [36, 21],
      [17, 9],
    ] as const) {
      const x = -3 + 0.5 * i;
      const y = 4 + 0.3 * j;
      const z = 5 + 0.4 * j;
      const value = full[j * plane.columns + i] as number;
      assert.ok(Math.abs(value - (2 * x - y + 3 * z)) < 1e-4, `at ${i}, ${j}`);
    }
  });
}
