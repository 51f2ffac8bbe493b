import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fixed, projectionName, scaleBar, windowNumbers } from "./corners.ts";

test("a scale bar is 1, 2 or 5 of a power of ten, between 50 and 125 screen pixels, at any zoom", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e4, noNaN: true }), (perMillimetre) => {
      const bar = scaleBar(perMillimetre);
      assert.ok(bar && bar.pixels >= 49.9 && bar.pixels <= 125.1);
      const digit = Number(bar.mm.toExponential(0).split("e")[0]);
      assert.ok([1, 2, 5].includes(digit), String(bar.mm));
    }),
  );
});

test("without a scale there is no bar", () => {
  for (const none of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(scaleBar(none), undefined);
});

test("window numbers carry no false precision, and nothing is minus nought", () => {
  assert.deepEqual(windowNumbers({ center: 40.4, width: 400.2 }), { center: "40", width: "400" });
  assert.deepEqual(windowNumbers({ center: 2.5, width: 5 }), { center: "2.50", width: "5.00" });
  assert.equal(fixed(-0.001, 1), "0.0");
  assert.equal(fixed(-12.34, 1), "−12.3");
});

test("what is unpaired has no side", () => {
  assert.equal(projectionName({ laterality: "R", viewPosition: "MLO" }), "R MLO");
  assert.equal(projectionName({ laterality: "U", viewPosition: "PA" }), "PA");
});
