import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { reportParagraphs } from "#standards/dicom/structured-report.ts";

const code = (meaning: string, value = "1"): JsonDataSet => ({
  "00080100": { vr: "SH", Value: [value] },
  "00080104": { vr: "LO", Value: [meaning] },
});
const item = (type: string, name: string, more: JsonDataSet = {}, children: JsonDataSet[] = []): JsonDataSet => ({
  "0040A040": { vr: "CS", Value: [type] },
  "0040A043": { vr: "SQ", Value: [code(name)] },
  ...more,
  ...(children.length > 0 ? { "0040A730": { vr: "SQ", Value: children } } : {}),
});
const text = (value: string): JsonDataSet => ({ "0040A160": { vr: "UT", Value: [value] } });

test("PS3.3 §C.17.3: a content tree reads in its order, names before values, headings strong, depth kept", () => {
  const number: JsonDataSet = {
    "0040A300": {
      vr: "SQ",
      Value: [{ "0040A30A": { vr: "DS", Value: [14.2] }, "004008EA": { vr: "SQ", Value: [code("millimeter", "mm")] } }],
    },
  };
  const report = item("CONTAINER", "Radiology report", {}, [
    item("PNAME", "Observer", { "0040A123": { vr: "PN", Value: [{ Alphabetic: "Naidoo^Priya^^Dr" }] } }),
    item("CONTAINER", "Findings", {}, [
      item("TEXT", "Finding", text("No fracture.")),
      item("NUM", "Thickness", number),
    ]),
    item("CODE", "Laterality", { "0040A168": { vr: "SQ", Value: [code("Right")] } }),
    item("DATETIME", "Verified", { "0040A120": { vr: "DT", Value: ["20261124064100"] } }),
    item("IMAGE", "Key image"),
  ]);
  assert.deepEqual(reportParagraphs(report), [
    { text: "Radiology report", depth: 0, strong: true },
    { text: "Observer: Naidoo Priya Dr", depth: 1, strong: false },
    { text: "Findings", depth: 1, strong: true },
    { text: "Finding: No fracture.", depth: 2, strong: false },
    { text: "Thickness: 14.2 mm", depth: 2, strong: false },
    { text: "Laterality: Right", depth: 1, strong: false },
    { text: "Verified: 2026-11-24064100", depth: 1, strong: false },
  ]);
});

test("units that say there is none are not printed, and a number that is missing says why", () => {
  const count = (unit: string): JsonDataSet => ({
    "0040A300": {
      vr: "SQ",
      Value: [{ "0040A30A": { vr: "DS", Value: [3] }, "004008EA": { vr: "SQ", Value: [code("no units", unit)] } }],
    },
  });
  assert.equal(reportParagraphs(item("NUM", "Count", count("1")))[0]?.text, "Count: 3");
  assert.equal(reportParagraphs(item("NUM", "Count", count("{lesions}")))[0]?.text, "Count: 3");
  const missing: JsonDataSet = { "0040A301": { vr: "SQ", Value: [code("Measurement failure")] } };
  assert.equal(reportParagraphs(item("NUM", "Count", missing))[0]?.text, "Count: Measurement failure");
});

test("a tree of a hundred levels and a hundred thousand items costs what the limits allow", () => {
  let deep = item("TEXT", "leaf", text("bottom"));
  for (let level = 0; level < 100; level++) deep = item("CONTAINER", `level ${level}`, {}, [deep]);
  assert.equal(reportParagraphs(deep).length, 65, "the root and 64 levels below it");
  const wide = item(
    "CONTAINER",
    "root",
    {},
    Array.from({ length: 100_000 }, (_, at) => item("TEXT", "t", text(`${at}`))),
  );
  assert.equal(reportParagraphs(wide).length, 20_000);
});

test("whatever JSON it is given, it answers paragraphs of text and throws nothing", () => {
  const element = fc.record(
    { vr: fc.constant("SQ" as const), Value: fc.array(fc.jsonValue() as fc.Arbitrary<never>) },
    { requiredKeys: ["vr"] },
  );
  const tags = fc.constantFrom(
    "0040A040",
    "0040A043",
    "0040A730",
    "0040A160",
    "0040A168",
    "0040A300",
    "0040A123",
    "0040A120",
  );
  fc.assert(
    fc.property(fc.dictionary(tags, element), (json) => {
      for (const { text: said, depth } of reportParagraphs(json)) {
        assert.equal(typeof said, "string");
        assert.ok(depth >= 0 && depth <= 64);
      }
    }),
  );
});
