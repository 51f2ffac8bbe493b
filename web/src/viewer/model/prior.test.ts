import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurn, isEarlier, priorFor } from "./prior.ts";

const study = (
  id: string,
  studyDate: string,
  [modality, bodyPart]: readonly [string, string],
  more: { studyTime?: string; description?: string } = {},
) => ({
  id,
  studyDate,
  studyTime: more.studyTime ?? "",
  description: more.description ?? "",
  modalities: [modality],
  series: [{ modality, bodyPart, description: "" }],
});
const HEAD = ["CT", "HEAD"] as const;
const present = study("now", "20261124", HEAD, { studyTime: "064100" });
const row = { modality: "CT", bodyPart: "HEAD", description: "Head 5 mm" };
const found = (...others: readonly ReturnType<typeof study>[]) => priorFor(present, row, others)?.id;

test("a study made later is never offered as the prior, however alike it is", () => {
  assert.equal(found(study("later", "20261125", HEAD)), undefined);
  assert.equal(found(study("later", "20261125", HEAD), study("old", "20100101", ["DX", "CHEST"])), "old");
});

test("the newest earlier study of the same modality and part of the body is taken", () => {
  assert.equal(found(study("old", "20200101", HEAD), study("new", "20250202", HEAD)), "new");
  assert.equal(found(study("chest", "20260101", ["CT", "CHEST"]), study("head", "20200101", HEAD)), "head");
  assert.equal(found(study("mr", "20260101", ["MR", "HEAD"]), study("ct", "20200101", ["CT", "CHEST"])), "ct");
  assert.equal(found(study("chest", "20260101", ["DX", "CHEST"]), study("head", "20200101", ["MR", "HEAD"])), "head");
});

test("where no part of the body is named, the words of the descriptions say it", () => {
  const silent = { modality: "CT", bodyPart: "", description: "AX 5 mm" };
  const head = study("head", "20200101", ["CT", ""], { description: "CT head without contrast" });
  const chest = study("chest", "20260101", ["CT", ""], { description: "CT chest with contrast" });
  const mine = { ...present, description: "CT head" };
  assert.equal(priorFor(mine, silent, [chest, head])?.id, "head");
});

test("on one day the time decides, and an unknown time is not earlier", () => {
  const at = (studyTime: string) => study(studyTime || "?", "20261124", HEAD, { studyTime });
  assert.equal(found(at("060000")), "060000");
  assert.equal(found(at("080000")), undefined);
  assert.equal(found(at("")), undefined);
  assert.equal(isEarlier({ studyDate: "", studyTime: "" }, present), false);
});

test("earlier studies of the same kind are read first, later ones last", () => {
  const others = [
    study("later", "20270101", HEAD),
    study("chest", "20260101", ["DX", "CHEST"]),
    study("old head", "20200101", HEAD),
    study("new head", "20250101", HEAD),
  ];
  assert.deepEqual(
    inTurn(present, others).map(({ id }) => id),
    ["new head", "old head", "chest", "later"],
  );
});
