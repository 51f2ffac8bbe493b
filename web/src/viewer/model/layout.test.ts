import assert from "node:assert/strict";
import { test } from "node:test";
import { counterpart, firstSeries, hang } from "./hang.ts";
import { layoutFor, neighbourOf } from "./layout.ts";
import { follow, meet } from "./link.ts";
import type { StackInfo } from "./state.ts";

test("neighbours end at the edge of the layout", () => {
  assert.equal(neighbourOf("2x2", 0, "right"), 1);
  assert.equal(neighbourOf("2x2", 1, "right"), 1);
  assert.equal(neighbourOf("2x2", 1, "down"), 3);
  assert.equal(neighbourOf("2x1", 1, "up"), 0);
  assert.equal(neighbourOf("1x1", 0, "left"), 0);
});

test("the smallest layout that holds the images is taken", () => {
  assert.deepEqual([0, 1, 2, 3, 4].map(layoutFor), ["1x1", "1x1", "1x2", "2x2", "2x2"]);
});

const mammogram = (laterality: string, view: string) => ({ key: laterality + view, modality: "MG", laterality, view });

test("mammograms hang right breast left, CC above MLO, in whatever order they arrived", () => {
  const plan = hang([mammogram("L", "MLO"), mammogram("R", "CC"), mammogram("R", "MLO"), mammogram("L", "CC")]);
  assert.deepEqual(plan, { layout: "2x2", keys: ["RCC", "LCC", "RMLO", "LMLO"] });
});

test("two projections hang side by side; cross-sections and studies of many images are left alone", () => {
  const dx = (key: string) => ({ key, modality: "DX", laterality: "", view: "" });
  assert.deepEqual(hang([dx("pa"), dx("lat")]), { layout: "1x2", keys: ["pa", "lat"] });
  assert.equal(hang([dx("pa")]), undefined);
  assert.equal(hang([dx("pa"), { ...dx("ct"), modality: "CT" }]), undefined);
  assert.equal(hang(["a", "b", "c", "d", "e"].map(dx)), undefined);
});

const series = (modality: string, description: string, frames: number) => ({ modality, description, frames });

test("a scout, a report and a presentation state do not come first", () => {
  const all = [series("CT", "Scout", 1), series("SR", "Dose", 0), series("CT", "Head 5 mm", 31)];
  assert.equal(firstSeries(all)?.description, "Head 5 mm");
  assert.equal(firstSeries([series("SR", "Dose", 0)])?.description, "Dose");
  assert.equal(firstSeries([]), undefined);
});

test("the prior's series that is called alike answers, not the scout", () => {
  const prior = [series("CT", "Scout", 1), series("CT", "Head 1.25 mm", 120), series("CT", "Head 5 mm", 29)];
  assert.equal(counterpart(series("CT", "Head 5 mm", 31), prior)?.description, "Head 5 mm");
  assert.equal(counterpart(series("CT", "Head 5 mm", 31), [series("SR", "Dose", 0)]), undefined);
});

const stack = (
  places: readonly (number | undefined)[],
  frameOfReference = "",
  normal = [0, 0, 1] as const,
): StackInfo => ({
  study: "",
  series: "",
  count: places.length,
  modality: "CT",
  normal: places[0] === undefined ? undefined : normal,
  places,
  frameOfReference,
  fps: undefined,
});
const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, at) => from + at * step);

test("stacks of one frame of reference follow by place, whatever their spacing and direction", () => {
  const thick = stack(range(0, 100, 5), "1.2");
  const thin = stack(range(0, 100, 1).toReversed(), "1.2");
  assert.equal(follow(thick, { anchor: 0, index: 4 }, thin, 0), 80, "20 mm, counted from the top");
});

test("parallel stacks of different frames of reference follow in millimetres from where they were linked", () => {
  const now = stack(range(0, 150, 5));
  const prior = stack(range(900, 1050, 2.5));
  assert.equal(follow(now, { anchor: 10, index: 12 }, prior, 20), 24);
});

test("stacks without places follow image by image, or in proportion, and never leave their ends", () => {
  const loop = stack(new Array<undefined>(20).fill(undefined));
  const half = stack(new Array<undefined>(10).fill(undefined));
  assert.equal(follow(loop, { anchor: 0, index: 7 }, loop, 3), 10);
  assert.equal(follow(loop, { anchor: 0, index: 19 }, half, 0), 9);
  assert.equal(follow(loop, { anchor: 0, index: 19 }, loop, 15), 19);
});

test("a sagittal stack does not follow an axial one by place", () => {
  const axial = stack(range(0, 45, 5));
  const sagittal = stack(range(0, 90, 10), "", [1, 0, 0] as never);
  assert.equal(follow(axial, { anchor: 4, index: 5 }, sagittal, 2), 3);
});

test("a prior meets at the same place where both overlap, else at the same share of its height", () => {
  const now = stack(range(0, 150, 5));
  assert.equal(meet(now, 10, stack(range(2, 152, 2))), 24);
  assert.equal(meet(now, 15, stack(range(1000, 1100, 10))), 5);
  assert.equal(meet(now, 3, stack(range(1000, 1100, 10).toReversed())), 9, "the other way round, from its other end");
});
