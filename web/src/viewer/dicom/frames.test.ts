import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { framesOf, unitsOf } from "./frames.ts";
import type { DataSet } from "./json.ts";
import { scaleOfRegions } from "./regions.ts";
import { inOrder, placesOf, stacksOf } from "./stack.ts";

const of = (vr: string, ...Value: unknown[]) => ({ vr, Value });
const image = (number: number, z: number, more: DataSet = {}): DataSet => ({
  "00080018": of("UI", `1.2.${number}`),
  "00080060": of("CS", "CT"),
  "00200013": of("IS", number),
  "00200032": of("DS", 0, 0, z),
  "00200037": of("DS", 1, 0, 0, 0, 1, 0),
  "00280008": of("IS", 1),
  "00280010": of("US", 512),
  "00280011": of("US", 512),
  "00280030": of("DS", 0.5, 0.5),
  "00281050": of("DS", 40, 600),
  "00281051": of("DS", 400, 2800),
  "00281052": of("DS", -1024),
  "00281053": of("DS", 1),
  ...more,
});
const frame = (number: number, z: number, more?: DataSet) => {
  const [first] = framesOf(image(number, z, more), `/dicomweb/x/${number}`);
  assert.ok(first);
  return first;
};

test("an image tells its windows, place, spacing and unit", () => {
  const found = frame(1, 12.5);
  assert.deepEqual(found.windows, [
    { center: 40, width: 400 },
    { center: 600, width: 2800 },
  ]);
  assert.deepEqual(found.position, [0, 0, 12.5]);
  assert.deepEqual([found.spacing, found.spacingAt, found.units], [[0.5, 0.5], "patient", "HU"]);
});

test("Imager Pixel Spacing counts at the detector, and only where there is no Pixel Spacing", () => {
  const detector = frame(1, 0, { "00280030": undefined, "00181164": of("DS", 0.14, 0.14) });
  assert.deepEqual([detector.spacing, detector.spacingAt], [[0.14, 0.14], "detector"]);
  assert.equal(frame(1, 0, { "00181164": of("DS", 0.14, 0.14) }).spacingAt, "patient");
});

test("a value is in Hounsfield units only where it was rescaled to them (PS3.3 §C.8.2.1.1.2)", () => {
  const rescale = { slope: 1, intercept: -1024, type: "" };
  assert.equal(unitsOf("CT", rescale, ""), "HU");
  assert.equal(unitsOf("CT", undefined, ""), "", "a secondary capture");
  assert.equal(unitsOf("CT", { ...rescale, type: "US" }, ""), "", "US is: unspecified");
  assert.equal(unitsOf("MR", rescale, ""), "");
  assert.equal(unitsOf("PT", rescale, "BQML"), "Bq/ml");
});

test("enhanced frames take place, window and rescale from their own groups, then from the shared ones (PS3.3 §C.7.6.16)", () => {
  const plane = (z: number) => ({ "00209113": of("SQ", { "00200032": of("DS", 0, 0, z) }) });
  const enhanced: DataSet = {
    ...image(1, 99),
    "00280008": of("IS", 2),
    "00200032": undefined,
    "00281050": undefined,
    "52009229": of("SQ", {
      "00289110": of("SQ", { "00280030": of("DS", 0.7, 0.7), "00180050": of("DS", 3) }),
      "00289132": of("SQ", { "00281050": of("DS", 50), "00281051": of("DS", 350) }),
    }),
    "52009230": of("SQ", plane(1), {
      ...plane(4),
      "00289132": of("SQ", { "00281050": of("DS", 300), "00281051": of("DS", 600) }),
    }),
  };
  const frames = framesOf(enhanced, "/x");
  assert.deepEqual(
    frames.map(({ position }) => position?.[2]),
    [1, 4],
  );
  assert.deepEqual(
    frames.map(({ windows }) => windows[0]?.width),
    [350, 600],
  );
  assert.deepEqual(
    frames.map(({ spacing, thickness }) => [spacing?.[0], thickness]),
    [
      [0.7, 3],
      [0.7, 3],
    ],
  );
});

test("no rows, no frames; absurd sizes and numbers of frames are bounded", () => {
  assert.deepEqual(framesOf({ ...image(1, 0), "00280010": undefined }, "/x"), []);
  assert.deepEqual(framesOf({ ...image(1, 0), "00280010": of("US", 1e9) }, "/x"), []);
  assert.equal(framesOf({ ...image(1, 0), "00280008": of("IS", 4e9) }, "/x").length, 20_000);
});

test("whatever a server sends as JSON, nothing throws", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(image(1, 0))), fc.jsonValue()), (sent) => {
      const hostile = Object.fromEntries(
        Object.entries({ ...image(1, 0), ...sent }).filter(([, value]) => typeof value === "object" && value !== null),
      ) as DataSet;
      const safe = Object.fromEntries(
        Object.entries(hostile).map(([tag, value]) => [tag, Array.isArray(value?.Value) ? value : { vr: "UN" }]),
      );
      framesOf(safe, "/x");
    }),
  );
});

test("images scroll by number, or by place where numbers are missing or repeated", () => {
  assert.deepEqual(
    inOrder([frame(3, 0), frame(1, 10), frame(2, 5)]).map(({ instanceNumber }) => instanceNumber),
    [1, 2, 3],
  );
  const repeated = [frame(1, 30), frame(1, 10), frame(1, 20)];
  assert.deepEqual(
    inOrder(repeated).map(({ position }) => position?.[2]),
    [10, 20, 30],
  );
});

test("a frame of another plane has no place in the stack", () => {
  const odd = frame(3, 7, { "00200037": of("DS", 0, 1, 0, 0, 0, -1) });
  assert.deepEqual(placesOf([frame(1, 0), frame(2, 5), odd]).places, [0, 5, undefined]);
});

test("loops and projections stand alone, slices together, in the order of their numbers", () => {
  const loop = framesOf(image(5, 0, { "00280008": of("IS", 3) }), "/x/5");
  const [projection] = framesOf(image(2, 0, { "00080060": of("CS", "MG") }), "/x/2");
  assert.ok(projection);
  const stacks = stacksOf("9.9", [...loop, frame(7, 0), frame(6, 5), projection]);
  assert.deepEqual(
    stacks.map(({ key, frames }) => [key, frames.length]),
    [
      ["9.9/1.2.2", 1],
      ["9.9/1.2.5", 3],
      ["9.9", 2],
    ],
  );
});

test("a picture that a lossy transfer syntax carries is lossy, whatever its attribute says", () => {
  assert.ok(frame(1, 0, { "00083002": of("UI", "1.2.840.10008.1.2.4.50") }).lossy);
  assert.equal(frame(1, 0).lossy, undefined);
  assert.deepEqual(frame(1, 0, { "00282110": of("CS", "01"), "00282112": of("DS", 4, 9.5) }).lossy, { ratio: 9.5 });
});

test("ultrasound is as large as its largest region in centimetres says, if that covers a quarter of the picture", () => {
  const region = (x1: number, delta: number) => ({
    x0: 0,
    y0: 0,
    x1,
    y1: 400,
    spatial: 1,
    type: 1,
    unitX: 3,
    unitY: 3,
    deltaX: delta,
    deltaY: delta,
    referenceX: 0,
    referenceY: 0,
  });
  assert.equal(scaleOfRegions([region(600, 0.03), region(50, 0.5)], 480, 640), 0.3);
  assert.equal(scaleOfRegions([region(20, 0.03)], 480, 640), undefined);
});
