import assert from "node:assert/strict";
import { test } from "node:test";
import type { Head } from "#phantoms/head/bleed.ts";
import { CT } from "#phantoms/head/materials.ts";
import { planeInHead } from "#phantoms/head/pose.ts";
import { headSlice } from "#phantoms/head/slice.ts";
import type { Plane } from "#phantoms/image/shape.ts";

const SPACING = 0.5;
const axial = (z: number): Plane => ({
  origin: [-120, -120, z],
  right: [1, 0, 0],
  down: [0, 1, 0],
  spacing: SPACING,
  columns: 480,
  rows: 480,
});
const well: Head = { brain: { atrophy: 0.3 } };
const bled: Head = { ...well, bleed: { thickness: 14, shift: 4 } };

const at = (values: Float32Array, x: number, y: number): number =>
  values[Math.round((y + 120) / SPACING) * 480 + Math.round((x + 120) / SPACING)] as number;

test("air surrounds the head, bone the brain", () => {
  const values = headSlice(axial(20), CT, well).slice();
  assert.equal(at(values, -118, -118), CT.air);
  const line = Array.from({ length: 240 }, (_, i) => at(values, -119 + i * 0.5, 0));
  assert.ok(Math.max(...line) > 1100, "the skull is dense");
  assert.ok(at(values, 40, 10) > 15 && at(values, 40, 10) < 45, "white matter");
});

test("fluid lies in the ventricles, air in the sphenoid sinus, fat behind the eye", () => {
  assert.ok(at(headSlice(axial(18), CT, well), 8.5, -8) < 15);
  assert.ok(at(headSlice(axial(-33), CT, well), 7.3, -31) < -800);
  const orbit = headSlice(axial(-31), CT, well);
  let fat = 0;
  for (let y = -70; y < -44; y++)
    for (let x = 16; x < 46; x++) if (at(orbit, x, y) < -60 && at(orbit, x, y) > -120) fat += 1;
  assert.ok(fat > 150, `${fat} mm² of fat`);
});

/** Millimetres along the row through (x, y) where the value lies between two bounds, on the right side. */
function extent(values: Float32Array, y: number, low: number, high: number): number {
  let count = 0;
  for (let x = -90; x < -5; x += SPACING) if (at(values, x, y) > low && at(values, x, y) < high) count += 1;
  return count * SPACING;
}

test("the bleeding is a crescent of blood of the given thickness, on the right only", () => {
  const values = headSlice(axial(24), CT, bled).slice();
  const thick = extent(values, 4, 58, 90);
  assert.ok(thick > 11 && thick < 16, `${thick} mm`);
  const mirrored = values.slice();
  for (let j = 0; j < 480; j++) mirrored.subarray(j * 480, (j + 1) * 480).reverse();
  assert.ok(extent(mirrored, 4, 58, 90) < 3, "nothing on the left");
});

test("without a bleeding there is no blood over the convexity", () => {
  assert.ok(extent(headSlice(axial(24), CT, well), 4, 58, 90) < 3);
});

test("the midline moves to the left by about the given shift", () => {
  const middle = (head: Head): number => {
    const values = headSlice(axial(18), CT, head);
    let sum = 0;
    let weight = 0;
    for (let x = -20; x <= 20; x += SPACING) {
      const fluid = Math.max(0, 22 - at(values, x, -8));
      sum += fluid * x;
      weight += fluid;
    }
    return sum / weight; // between the two frontal horns
  };
  const moved = middle(bled) - middle(well);
  assert.ok(moved > 2.5 && moved < 6, `${moved} mm`);
});

test("a turned plane shows the turned head: a point keeps its value", () => {
  const pose = { turn: [0, 0, 90], move: [0, 0, 0], scale: 1 } as const;
  const straight = headSlice(axial(24), CT, bled).slice();
  const turned = headSlice(planeInHead(axial(24), pose), CT, bled);
  // What lay at (x, y) now lies at (y, -x).
  for (const [x, y] of [
    [-62, 4],
    [40, 10],
    [0, 98],
  ] as const) {
    assert.ok(Math.abs(at(straight, x, y) - at(turned, y, -x)) < 25, `${x}, ${y}`);
  }
});

test("the same slice comes out the same, whatever was drawn before", () => {
  const first = headSlice(axial(-20), CT, bled).slice();
  headSlice(axial(50), CT, well);
  assert.deepEqual(headSlice(axial(-20), CT, bled), first);
});
