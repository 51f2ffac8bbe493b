import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { DEMO_STUDIES, withPriors } from "#phantoms/demo-studies.ts";
import { generateStudy, studyUidOf } from "#phantoms/generate.ts";
import type { Instance } from "#phantoms/record/modules.ts";
import type { StudyRecipe } from "#phantoms/record/recipe.ts";
import type { DataSet } from "#standards/dicom/data-set.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { TAGS } from "#standards/dicom/tags.ts";
import { number, numbers, personName, text } from "#standards/dicom/values.ts";
import { iodErrors } from "../../test/support/iod.ts";

const moment = { seed: "test", now: new Date(2026, 10, 24, 9, 0) };
const recipeOf = (label: string): StudyRecipe => {
  const recipe = withPriors(DEMO_STUDIES).find((one) => one.label === label);
  assert.ok(recipe, label);
  return recipe;
};

type Kept = { readonly recipe: StudyRecipe; readonly uid: string; readonly dataSet: DataSet; readonly bytes: number };

/** The whole set once: attributes of every instance; the files of a sample, which covers every series, go through dciodvfy. */
function everything(): { kept: Kept[]; errors: string[] } {
  const kept: Kept[] = [];
  const errors: string[] = [];
  const seen = new Map<string, number>();
  for (const recipe of withPriors(DEMO_STUDIES)) {
    for (const { sopInstanceUid, part10 } of generateStudy(recipe, moment)) {
      const { dataSet } = readPart10(part10);
      kept.push({ recipe, uid: sopInstanceUid, dataSet, bytes: part10.length });
      const series = text(dataSet, TAGS.SeriesInstanceUID) ?? "";
      const nth = seen.get(series) ?? 0;
      seen.set(series, nth + 1);
      if (nth % 40 === 0) errors.push(...iodErrors(part10).map((line) => `${recipe.label}: ${line}`));
    }
  }
  return { kept, errors };
}

const { kept, errors } = everything();
const ofStudy = (label: string): Kept[] => kept.filter((one) => one.recipe.label === label);
const modality = (one: Kept): string | undefined => text(one.dataSet, TAGS.Modality);

test("every kind of object is a complete IOD: dciodvfy finds no error", () => {
  assert.deepEqual(errors, []);
});

test("no two instances share a UID, and each stands in the study and series it says", () => {
  assert.equal(new Set(kept.map((one) => one.uid)).size, kept.length);
  for (const { recipe, uid, dataSet } of kept) {
    assert.equal(text(dataSet, TAGS.SOPInstanceUID), uid);
    assert.equal(text(dataSet, TAGS.StudyInstanceUID), studyUidOf(recipe, moment));
  }
});

test("the set holds what the demonstration needs", () => {
  const thin = ofStudy("nkosi-ct-head").filter((one) => number(one.dataSet, TAGS.SliceThickness) === 1.25);
  assert.ok(thin.length >= 120);
  assert.ok(thin.every((one) => number(one.dataSet, TAGS.Rows) === 512));
  const modalities = new Set(kept.map(modality));
  for (const one of ["CT", "DX", "MG", "US", "MR", "SR", "DOC"]) assert.ok(modalities.has(one), one);
  assert.ok(DEMO_STUDIES.filter((recipe) => recipe.priors.length > 0).length >= 3);
});

test("names keep their letters: apostrophe, háček and the ideographic group", () => {
  const nameIn = (label: string) => personName((ofStudy(label)[0] as Kept).dataSet, TAGS.PatientName);
  assert.equal(nameIn("obrien-chest")?.alphabetic, "O’Brien^Maeve");
  assert.equal(nameIn("simic-brain")?.alphabetic, "Šimić^Luka");
  assert.equal(nameIn("yamada-chest")?.ideographic, "山田^太郎");
});

test("priors belong to the same patient and lie before", () => {
  for (const recipe of DEMO_STUDIES) {
    for (const prior of recipe.priors) {
      assert.equal(prior.patient, recipe.patient);
      const [now, then] = [recipe, prior].map((one) => text((ofStudy(one.label)[0] as Kept).dataSet, TAGS.StudyDate));
      assert.ok(Number(then) < Number(now), prior.label);
    }
  }
});

test("slices of a series lie in order, one spacing apart", () => {
  const thick = ofStudy("nkosi-ct-head").filter((one) => number(one.dataSet, TAGS.SliceThickness) === 5);
  const heights = thick
    .sort((a, b) => (number(a.dataSet, TAGS.InstanceNumber) ?? 0) - (number(b.dataSet, TAGS.InstanceNumber) ?? 0))
    .map((one) => numbers(one.dataSet, TAGS.ImagePositionPatient)[2] as number);
  assert.equal(heights.length, 31);
  for (let i = 1; i < heights.length; i++) {
    assert.ok(Math.abs((heights[i] as number) - (heights[i - 1] as number) - 5) < 1e-3);
  }
});

test("the oblique series has direction cosines that are unit vectors at right angles, along no axis", () => {
  const cosines = numbers((ofStudy("simic-brain")[0] as Kept).dataSet, TAGS.ImageOrientationPatient);
  const [rx, ry, rz, dx, dy, dz] = cosines as [number, number, number, number, number, number];
  assert.ok(Math.abs(rx * rx + ry * ry + rz * rz - 1) < 1e-5);
  assert.ok(Math.abs(dx * dx + dy * dy + dz * dz - 1) < 1e-5);
  assert.ok(Math.abs(rx * dx + ry * dy + rz * dz) < 1e-5);
  assert.ok(cosines.every((value) => Math.abs(value) > 0.001));
});

test("reports refer to slices that exist", () => {
  const uids = new Set(kept.map((one) => one.uid));
  const reports = kept.filter((one) => modality(one) === "SR");
  assert.equal(reports.length, 2);
  for (const { dataSet } of reports) {
    const referenced: string[] = [];
    const pending = [dataSet];
    for (let here = pending.pop(); here !== undefined; here = pending.pop()) {
      const uid = text(here, TAGS.ReferencedSOPInstanceUID);
      if (uid !== undefined) referenced.push(uid);
      for (const element of here) if (element.is === "sequence") pending.push(...element.items);
    }
    assert.ok(referenced.length >= 2);
    assert.ok(referenced.every((uid) => uids.has(uid)));
  }
});

const digest = (instances: Iterable<Instance>, count: number): string => {
  const hash = createHash("sha256");
  let left = count;
  for (const { part10 } of instances) {
    hash.update(part10);
    if (--left === 0) break;
  }
  return hash.digest("hex");
};

/** The study with a short loop, so that the test stays quick. */
const shortened = (recipe: StudyRecipe): StudyRecipe => ({
  ...recipe,
  contents: recipe.contents.map((content) => (content.is === "ultrasound" ? { ...content, frames: 2 } : content)),
});

test("the same seed and day give the same bytes; another seed gives others", () => {
  for (const label of ["nkosi-ct-head", "khumalo-chest", "van-wyk-abdomen", "simic-brain", "dlamini-letter"]) {
    const recipe = shortened(recipeOf(label));
    const first = digest(generateStudy(recipe, moment), 1);
    assert.equal(digest(generateStudy(recipe, moment), 1), first, label);
    assert.notEqual(digest(generateStudy(recipe, { ...moment, seed: "other" }), 1), first, label);
  }
});

test("instances come one by one: the first slice is there before the last is made", () => {
  const started = process.cpuUsage();
  const { value } = generateStudy(recipeOf("nkosi-ct-head"), moment).next();
  const { user } = process.cpuUsage(started);
  assert.ok(value !== undefined && value.part10.length > 500_000);
  assert.ok(user < 2_000_000, `${user} µs`);
});
