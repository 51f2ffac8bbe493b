import assert from "node:assert/strict";
import { test } from "node:test";
import i18next from "i18next";
import { commonWords } from "../words/common.en.ts";
import { ageInYears, ago, bytes, dicomDate, dicomTime, initials, number, personName, yearOf } from "./format.ts";

await i18next.init({ lng: "en", resources: { en: { common: commonWords } }, defaultNS: "common", ns: "common" });

for (const [sent, shown] of [
  ["NKOSI^Ayanda", "NKOSI, Ayanda"],
  ["Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou"],
  ["=山田^太郎", "山田, 太郎"],
  ["Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams B.A. M.Div., Rev. John Robert Quincy"],
  ["Smith", "Smith"],
  ["^Anna", "Anna"],
  ["", ""],
  ["^^^^", ""],
] as const)
  test(`PS3.5 §6.2.1: the person name “${sent}” reads “${shown}”`, () => assert.equal(personName(sent), shown));

test("PS3.5 §6.2: a DA value reads as a date, the dotted form too; what is no date stays as it was sent", () => {
  assert.equal(dicomDate("20261124"), "24 Nov 2026");
  assert.equal(dicomDate("2026.11.24"), "24 Nov 2026");
  assert.equal(dicomDate("unknown"), "unknown");
  assert.equal(dicomDate(""), "");
});

test("PS3.5 §6.2: a TM value reads as hours and minutes", () => {
  assert.equal(dicomTime("064107.123"), "06:41");
  assert.equal(dicomTime("06:41"), "06:41");
  assert.equal(dicomTime("6"), "");
});

test("an age counts whole years at the study, and is silent where it cannot be known", () => {
  assert.equal(ageInYears("19870412", "20260411"), 38);
  assert.equal(ageInYears("19870412", "20260412"), 39);
  assert.equal(ageInYears("1987", "20260412"), undefined);
  assert.equal(ageInYears("20300101", "20260412"), undefined);
});

test("sizes and numbers are short", () => {
  assert.equal(bytes(0), "0\u00a0B");
  assert.equal(bytes(999), "999\u00a0B");
  assert.equal(bytes(1_500_000), "1.5\u00a0MB");
  assert.equal(bytes(163_577_856), "164\u00a0MB");
  assert.equal(number(1204), "1\u2009204");
  assert.equal(yearOf("19870412"), "1987");
});

test("a moment ago is said in the largest unit that fits", () => {
  const now = Date.UTC(2026, 10, 24);
  assert.equal(ago(now - 500, now), "just now");
  assert.equal(ago(now - 9_000, now), "9 s ago");
  assert.equal(ago(now - 125_000, now), "2 min ago");
  assert.equal(ago(now - 86_400_000, now), "1 day ago");
});

test("initials leave titles out", () => {
  assert.equal(initials("Dr Ana Reyes"), "AR");
  assert.equal(initials("Reyes Reading Group"), "RG");
  assert.equal(initials(""), "?");
});
