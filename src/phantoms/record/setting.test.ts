import assert from "node:assert/strict";
import { test } from "node:test";
import { DEMO_STUDIES } from "#phantoms/demo-studies.ts";
import type { StudyRecipe } from "#phantoms/record/recipe.ts";
import { ageAt, dayBefore, settingOf, uidOf } from "#phantoms/record/setting.ts";
import { parseUid } from "#standards/dicom/uid.ts";

const recipe = DEMO_STUDIES[0] as StudyRecipe; // 06:41 on the study day
const at = (hour: number, minute: number): Date => new Date(2026, 10, 24, hour, minute);

test("PS3.5 §9.1 and annex B.2: UIDs are a version 8 UUID under 2.25", () => {
  const uid = parseUid(uidOf("a label"));
  const hex = BigInt(uid.slice(5)).toString(16).padStart(32, "0");
  assert.equal(hex[12], "8");
  assert.match(hex[16] as string, /[89ab]/);
});

test("UIDs follow from seed and label alone", () => {
  const one = settingOf(recipe, { seed: "s", now: at(9, 0) });
  const later = settingOf(recipe, { seed: "s", now: at(11, 0) });
  assert.equal(one.studyUid, later.studyUid);
  assert.equal(one.uid("x"), later.uid("x"));
  assert.notEqual(one.uid("x"), one.uid("y"));
  assert.notEqual(one.studyUid, settingOf(recipe, { seed: "t", now: at(9, 0) }).studyUid);
});

test("a study of today is never in the future", () => {
  assert.equal(settingOf(recipe, { seed: "s", now: at(6, 41) }).date, "20261124");
  assert.equal(settingOf(recipe, { seed: "s", now: at(6, 40) }).date, "20261123");
});

test("priors lie the given number of days before", () => {
  const prior = recipe.priors[0] as StudyRecipe;
  assert.equal(settingOf(prior, { seed: "s", now: at(12, 0) }).date, dayBefore(at(12, 0), prior.daysAgo));
  assert.equal(dayBefore(new Date(2024, 2, 1), 1), "20240229");
});

test("times count on from the study's begin and stay within the day", () => {
  const setting = settingOf(recipe, { seed: "s", now: at(12, 0) });
  assert.equal(setting.timeAt(0), "064100");
  assert.equal(setting.timeAt(80), "064220");
  assert.equal(setting.timeAt(1e9), "235959");
});

test("PS3.5 §6.2, AS: an age is whole years", () => {
  assert.equal(ageAt("19870419", "20260418"), "038Y");
  assert.equal(ageAt("19870419", "20260419"), "039Y");
});
