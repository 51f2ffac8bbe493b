import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULTS } from "#kit/fault.ts";
import { statusClass, statusMeaning } from "#standards/dimse/status.ts";

for (const [status, is] of [
  [0x0000, "success"],
  [0x0107, "warning"],
  [0x0110, "failure"],
  [0xa700, "failure"],
  [0xa7ff, "failure"],
  [0xb000, "warning"],
  [0xb123, "warning"],
  [0xc123, "failure"],
  [0xfe00, "cancel"],
  [0xff00, "pending"],
  [0xff01, "pending"],
  [0x7777, "failure"],
] as const) {
  test(`PS3.7 annex C: ${status.toString(16).padStart(4, "0")} is ${is}`, () => assert.equal(statusClass(status), is));
}

test("a status that only its range knows has its range's meaning", () => {
  assert.equal(statusMeaning(0xc0de), "Cannot understand");
  assert.equal(statusMeaning(0xa7ab), "Refused: out of resources");
  assert.equal(statusMeaning(0x7777), "Unknown status");
});

test("the fault table's DIMSE column holds failures only, and one cancel", () => {
  for (const [code, { dimse }] of Object.entries(FAULTS)) {
    assert.equal(statusClass(dimse), code === "request.cancelled" ? "cancel" : "failure", code);
  }
});
