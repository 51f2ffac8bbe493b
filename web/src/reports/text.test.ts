import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportText } from "#contract/studies.ts";
import { joined, sameText } from "./text.ts";

const text = (findings: string, impression = ""): ReportText => ({
  indication: "",
  comparison: "",
  findings,
  impression,
});

test("two texts that are put together lose no word of either, and say nothing twice", () => {
  for (const [one, other, both] of [
    ["", "", ""],
    ["No bleed.", "", "No bleed."],
    ["", "No bleed.", "No bleed."],
    ["No bleed.", "No bleed.", "No bleed."],
    ["No bleed.", "No bleed. No fracture.", "No bleed. No fracture."],
    ["No bleed. No fracture.", "No bleed.", "No bleed. No fracture."],
    ["No bleed.", "A small bleed.", "No bleed.\n\nA small bleed."],
  ] as const)
    assert.equal(joined(text(one), text(other)).findings, both);
  assert.deepEqual(joined(text("A", "B"), text("C", "B")), text("A\n\nC", "B"));
});

test("texts are the same when every section is", () => {
  assert.ok(sameText(text("A", "B"), text("A", "B")));
  assert.ok(!sameText(text("A", "B"), text("A", "B ")));
});
