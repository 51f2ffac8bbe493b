import assert from "node:assert/strict";
import { test } from "node:test";
import type { Marking } from "#contract/studies.ts";
import { sameMarkings, toKeep } from "./kept.ts";

const marking = (id: string, change: Partial<Marking> = {}): Marking => ({
  id,
  kind: "length",
  sop: "1.2",
  frame: 1,
  points: [
    [0, 0, 0],
    [1, 0, 0],
  ],
  text: "",
  value: "1.0 mm",
  ...change,
});
const STUDY = "/dicomweb/studies/1.2.3";
const drawn = (id: string, study = STUDY) => ({ url: `${study}/series/4/instances/5`, kept: marking(id) });

test("each study keeps what is drawn on its own images", () => {
  const all = [drawn("b"), drawn("a"), drawn("p", "/dicomweb/studies/1.2.33")];
  assert.deepEqual(
    toKeep(all, STUDY, []).map(({ id }) => id),
    ["a", "b"],
  );
  assert.deepEqual(
    toKeep(all, "/dicomweb/studies/1.2.33", []).map(({ id }) => id),
    ["p"],
  );
});

test("what waits for its images is not lost when something else is drawn meanwhile", () => {
  const kept = toKeep([drawn("new")], STUDY, [marking("old"), marking("new", { text: "stale" })]);
  assert.deepEqual(
    kept.map(({ id, text }) => [id, text]),
    [
      ["new", ""],
      ["old", ""],
    ],
  );
});

test("a value that was measured anew is no change, a moved point is", () => {
  assert.ok(sameMarkings([marking("a")], [marking("a", { value: "1.00 mm" })]));
  assert.ok(!sameMarkings([marking("a")], [marking("a", { points: [[0, 0, 0]] })]));
  assert.ok(!sameMarkings([marking("a")], []));
});
