import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { edgesOf, edgesOfLabels, lettersOf, oppositeOf, planeOf } from "./orientation.ts";
import { minus, type Vec3 } from "./vector.ts";

test("PS3.3 §C.7.6.2: x runs to the left, y to the back, z to the head", () => {
  assert.deepEqual(
    (
      [
        [1, 0, 0],
        [-1, 0, 0],
        [0, 1, 0],
        [0, -1, 0],
        [0, 0, 1],
        [0, 0, -1],
      ] as Vec3[]
    ).map(lettersOf),
    ["L", "R", "P", "A", "H", "F"],
  );
});

test("an oblique direction names its two strongest axes, a slight tilt only one", () => {
  assert.equal(lettersOf([0.8, 0.6, 0]), "LP");
  assert.equal(lettersOf([0, -0.6, 0.8]), "HA");
  assert.equal(lettersOf([0.98, 0.2, 0]), "L");
});

test("opposite edges carry opposite letters", () => {
  const axis = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(axis, axis, axis, (x, y, z) => {
      fc.pre(Math.hypot(x, y, z) > 0.1);
      assert.equal(oppositeOf(lettersOf([x, y, z])), lettersOf(minus([x, y, z])));
    }),
  );
});

test("an axial image as acquired has the patient's right on the left and the front at the top", () => {
  assert.deepEqual(edgesOf([1, 0, 0], [0, 1, 0]), { left: "R", right: "L", top: "A", bottom: "P" });
});

test("PS3.3 §C.7.6.1.1.1: a PA chest that says only L\\F is labelled, also turned and mirrored", () => {
  const plain = edgesOfLabels("L", "F", [1, 0], [0, 1]);
  assert.deepEqual(plain, { left: "R", right: "L", top: "H", bottom: "F" });
  const mirrored = edgesOfLabels("L", "F", [-1, 0], [0, 1]);
  assert.deepEqual([mirrored.left, mirrored.right], ["L", "R"]);
  const turned = edgesOfLabels("L", "F", [0, -1], [1, 0]);
  assert.deepEqual(turned, { left: "F", right: "H", top: "R", bottom: "L" });
});

test("letters that are no axes of people have no opposite and make none up", () => {
  assert.equal(edgesOfLabels("X", "F", [1, 0], [0, 1]).left, "");
});

test("planes are named up to a lean of 25 degrees", () => {
  assert.equal(planeOf([1, 0, 0], [0, 1, 0]), "AX");
  assert.equal(planeOf([1, 0, 0], [0, 0, -1]), "COR");
  assert.equal(planeOf([0, 1, 0], [0, 0, -1]), "SAG");
  assert.equal(planeOf([1, 0, 0], [0, 0.7, 0.7]), "OBL");
});
