import assert from "node:assert/strict";
import { test } from "node:test";
import { birthDateOf } from "./birth-date.ts";
import type { LinkStudy } from "./client.ts";
import { plainName, sameName } from "./names.ts";
import { accentStyle } from "./own-colour.ts";
import { placeOf } from "./places.ts";
import { coverOf, imageCount, plainKind, positionsOf } from "./positions.ts";
import { dayIn, partOfDay } from "./when.ts";
import { portalWords as af } from "./words/af.ts";
import { portalWords as de } from "./words/de.ts";
import { portalWords as en } from "./words/en.ts";
import { portalWords as fr } from "./words/fr.ts";
import { languageOf } from "./words/languages.ts";
import { portalWords as zu } from "./words/zu.ts";

const instance = (id: string, kind: "image" | "document" | "other", frames: number, cine: number | null = null) => ({
  id,
  kind,
  frames,
  rows: 1,
  columns: 1,
  cine,
});
const series = [
  { id: "a", description: "report", modality: "SR", instances: [instance("d", "document", 2)] },
  {
    id: "b",
    description: "head",
    modality: "CT",
    instances: [instance("i", "image", 1), instance("x", "other", 0), instance("l", "image", 3, 15)],
  },
];

test("the slider runs over every frame and page, in order, and leaves out what cannot be shown", () => {
  assert.deepEqual(
    positionsOf(series[1] as LinkStudy["series"][number]).map(({ instance, frame }) => `${instance}${frame}`),
    ["i1", "l1", "l2", "l3"],
  );
});

test("images are counted without documents, and the cover is the middle of the series with the most", () => {
  const study = { series } as LinkStudy;
  assert.equal(imageCount(study), 4);
  assert.deepEqual(coverOf(study), { series: 1, at: 1 });
  assert.equal(coverOf({ series: [series[0]] } as LinkStudy), undefined);
});

test("modalities have plain names, the first that is known wins", () => {
  assert.equal(plainKind(["SR", "DX"]), "XR");
  assert.equal(plainKind(["CT"]), "CT");
  assert.equal(plainKind(["PT", "CT"]), "NM");
  assert.equal(plainKind([]), "other");
});

for (const [parts, read] of [
  [{ day: "4", month: "12", year: "1987" }, { date: "19871204" }],
  [{ day: "29", month: "2", year: "2024" }, { date: "20240229" }],
  [{ day: "31", month: "2", year: "1987" }, { problem: "birthNoDay" }],
  [{ day: "4", month: "19", year: "1987" }, { problem: "birthNoDay" }],
  [{ day: "0", month: "1", year: "1987" }, { problem: "birthNoDay" }],
  [{ day: "19", month: "4", year: "87" }, { problem: "birthShortYear" }],
  [{ day: "", month: "12", year: "1987" }, { problem: "birthIncomplete" }],
  [{ day: "4", month: "12", year: "" }, { problem: "birthIncomplete" }],
] as const)
  test(`the birth date ${parts.day}/${parts.month}/${parts.year} reads as ${JSON.stringify(read)}`, () =>
    assert.deepEqual(birthDateOf(parts), read));

test("a step inside is an entry of the history that we wrote; every other entry is the study itself", () => {
  assert.deepEqual(placeOf({ portal: { prior: "p", view: "report" } }), { prior: "p", view: "report" });
  assert.deepEqual(placeOf({ portal: { view: { series: 1, at: 20 } } }), { view: { series: 1, at: 20 } });
  for (const strange of [null, undefined, 7, { portal: { view: "raw" } }, { portal: { prior: 1 } }, {}])
    assert.deepEqual(placeOf(strange), {});
});

test("an organisation’s colour is darkened until white words on it reach 4.5 to 1 (WCAG 2.2 §1.4.3)", () => {
  for (const colour of ["#ffff00", "#c8401a", "#ffffff", "#00ff00", "#1f6aa5"]) {
    const accent = accentStyle(colour)["--accent"] ?? "";
    assert.ok(contrast(accent) >= 4.5, `${colour} became ${accent}`);
  }
  assert.deepEqual(accentStyle("red; background: url(x)"), {});
});

function contrast(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
}

test("names that shout are calmed, and a patient is recognised as the recipient", () => {
  assert.equal(plainName("DU TOIT^Pieter"), "Pieter Du Toit");
  assert.equal(plainName("O’BRIEN-SMITH^MAEVE"), "Maeve O’Brien-Smith");
  assert.equal(plainName("van der Merwe^Anna"), "Anna van der Merwe");
  assert.ok(sameName("Ayanda Nkosi", "NKOSI^Ayanda"));
  assert.ok(sameName("NKOSI, Ayanda", "NKOSI^Ayanda"));
  assert.ok(!sameName("Dr Fourie", "NKOSI^Ayanda"));
});

test("the first language that is wanted and offered is spoken", () => {
  assert.equal(languageOf(["zu-ZA", "en"]), "zu");
  assert.equal(languageOf(["pt", "de-AT"], ["en", "de"]), "de");
  assert.equal(languageOf(["pt"], ["fr"]), "fr");
  assert.equal(languageOf([], []), "en");
});

test("our own month names are those of CLDR, for browsers that lack the language", () => {
  for (let month = 0; month < 12; month++) {
    const date = new Date(2026, month, 3);
    const cldr = new Intl.DateTimeFormat("zu", { month: "long" }).format(date);
    assert.equal(dayIn("zu", date, true), `3 ${cldr} 2026`);
  }
  assert.equal(dayIn("zu", new Date(2026, 11, 1), false), "1 Disemba");
  assert.equal(dayIn("en", new Date(2026, 11, 1), true), "1 December 2026");
  assert.equal(dayIn("af", new Date(2026, 11, 1), false), "1 Desember");
});

test("greetings follow the day", () => {
  assert.deepEqual([0, 11, 12, 17, 18, 23].map(partOfDay), ["morning", "morning", "day", "day", "evening", "evening"]);
});

for (const [name, words] of Object.entries({ af, de, fr, zu }))
  test(`the portal’s words in “${name}” fill the same places as the English ones`, () => {
    const places = (table: object, path = ""): string[] =>
      Object.entries(table).flatMap(([key, value]) =>
        typeof value === "string"
          ? [`${path}${key}: ${[...value.matchAll(/\{\{\w+\}\}/g)].map(String).sort().join()}`]
          : places(value as object, `${path}${key}.`),
      );
    assert.deepEqual(places(words), places(en));
  });

test("no choice of brightness is called normal: a patient would take it for a finding", () => {
  for (const words of [af, de, en, fr, zu])
    assert.doesNotMatch(words.images.window_.default, /normal|gewoon|okujwayelekile/i);
});
