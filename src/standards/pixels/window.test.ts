import assert from "node:assert/strict";
import { test } from "node:test";
import { percentiles, throughWindow, usable, voiFunctionOf, windowOver } from "#standards/pixels/window.ts";

const grey = (value: number, center: number, width: number) => throughWindow(value, { center, width }, "LINEAR") * 255;

/** PS3.3 §C.11.2.1.2.1, the notes: center, width, the last black value, the first white one. */
for (const [center, width, black, white] of [
  [2048, 4096, 0, 4095],
  [2048, 1, 2047, 2048],
  [0, 100, -50, 49],
  [0, 1, -1, 0],
] as const) {
  test(`window ${center}\\${width}: black up to ${black}, white from ${white}`, () => {
    assert.equal(grey(black, center, width), 0);
    assert.equal(grey(white, center, width), 255);
    if (white - black > 1) {
      assert.ok(grey(black + 1, center, width) > 0);
      assert.ok(grey(white - 1, center, width) < 255);
    }
  });
}

test("a linear window runs through ((x + 0.5)/99 + 0.5) × 255, as the standard's note has it", () => {
  for (const x of [-49, -10, 0, 31, 48]) assert.ok(Math.abs(grey(x, 0, 100) - ((x + 0.5) / 99 + 0.5) * 255) < 1e-9);
});

test("LINEAR_EXACT runs from center − width/2 to center + width/2, PS3.3 §C.11.2.1.3.2", () => {
  const exact = (value: number) => throughWindow(value, { center: 40, width: 400 }, "LINEAR_EXACT");
  assert.deepEqual([-200, -160, 40, 140, 240, 999].map(exact), [0, 0, 0.5, 0.75, 1, 1]);
});

test("SIGMOID is half at the center and never quite black or white, PS3.3 §C.11.2.1.3.1", () => {
  const sigmoid = (value: number) => throughWindow(value, { center: 40, width: 400 }, "SIGMOID");
  assert.equal(sigmoid(40), 0.5);
  assert.ok(Math.abs(sigmoid(140) - 1 / (1 + Math.exp(-1))) < 1e-12);
  assert.ok(sigmoid(-1000) > 0 && sigmoid(1000) < 1);
});

test("windows that the standard forbids are not used", () => {
  assert.equal(usable({ center: 0, width: 0.5 }, "LINEAR"), false);
  assert.equal(usable({ center: 0, width: 0.5 }, "LINEAR_EXACT"), true);
  assert.equal(usable({ center: 0, width: 0 }, "SIGMOID"), false);
  assert.equal(usable({ center: Number.NaN, width: 5 }, "LINEAR"), false);
  assert.equal(usable(undefined, "LINEAR"), false);
});

test("a missing or unknown function is LINEAR", () => {
  assert.deepEqual([undefined, "LINEAR", "SIGMOID ", "CUBIC"].map(voiFunctionOf), [
    "LINEAR",
    "LINEAR",
    "SIGMOID",
    "LINEAR",
  ]);
});

test("a window over two values shows them black and white", () => {
  for (const how of ["LINEAR", "LINEAR_EXACT"] as const) {
    const window = windowOver(-10, 30, how);
    assert.equal(throughWindow(-10, window, how), 0);
    assert.equal(throughWindow(30, window, how), 1);
  }
});

test("percentiles leave out padding, infinities and what is no number", () => {
  const values = [
    -2000,
    -2000,
    -2000,
    ...Array.from({ length: 100 }, (_, at) => at),
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ];
  assert.deepEqual(
    percentiles(values, 0.05, 0.95, (value) => value === -2000),
    [4, 94],
  );
  assert.deepEqual(
    percentiles([7, 7], 0.1, 0.9, () => false),
    [7, 7],
  );
  assert.equal(
    percentiles([1, 2], 0.1, 0.9, () => true),
    undefined,
  );
});
