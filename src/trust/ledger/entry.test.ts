import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { commitDetail, detailMatches, entryHash, type LedgerEntry, readEntry } from "./entry.ts";

const entry: LedgerEntry = {
  organisation: "0190f3a0-7c1e-7000-8000-000000000001",
  sequence: 7,
  at: "2026-01-02T03:04:05.678Z",
  action: "study.share",
  actor: { person: "0190f3a0-7c1e-7000-8000-000000000002" },
  subject: { study: "1.2.840.113619.2.55", grant: "0190f3a0-7c1e-7000-8000-000000000003" },
  outcome: "done",
  because: "own-care",
  detailCommitment: Buffer.alloc(32, 1).toString("base64"),
};

test("an entry's leaf is 0x00 and its canonical JSON, written out here by hand", () => {
  const json = `{"action":"study.share","actor":{"person":"0190f3a0-7c1e-7000-8000-000000000002"},"at":"2026-01-02T03:04:05.678Z","because":"own-care","detailCommitment":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","organisation":"0190f3a0-7c1e-7000-8000-000000000001","outcome":"done","sequence":7,"subject":{"grant":"0190f3a0-7c1e-7000-8000-000000000003","study":"1.2.840.113619.2.55"}}`;
  assert.deepEqual(entryHash(entry), createHash("sha256").update(`\0${json}`).digest());
});

test("names, addresses and free text do not fit into an entry", () => {
  const bad: [string, unknown][] = [
    ["actor", { person: "Ayanda Nkosi" }],
    ["actor", { person: "a@example.org" }],
    ["actor", { "the person": "1" }],
    ["actor", { person: "" }],
    ["actor", { person: "x".repeat(129) }],
    ["actor", []],
    ["actor", Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "1"]))],
    ["subject", { patient: "NKOSI^AYANDA" }],
    ["because", "the patient asked for it"],
    ["action", "Study.Share"],
    ["outcome", ""],
    ["at", "2026-01-02"],
    ["sequence", -1],
    ["sequence", "7"],
    ["detailCommitment", "abc"],
    ["organisation", 7],
  ];
  for (const [name, value] of bad) {
    assert.throws(
      () => readEntry({ ...entry, [name]: value }),
      (error: Error & { code?: string }) => error.code === "input.invalid" && !/Nkosi|example/i.test(error.message),
    );
  }
  const { because: _, ...without } = entry;
  for (const value of [null, [], "x", without, { ...entry, note: "x" }]) {
    assert.throws(() => readEntry(value), { code: "input.invalid" });
  }
  assert.deepEqual(readEntry(JSON.parse(JSON.stringify(entry))), entry);
});

test("a detail matches its commitment under its salt and no other", () => {
  const detail = { reason: "second opinion", to: "Dr Ayanda Nkosi" };
  const { salt, commitment } = commitDetail(detail);
  assert.equal(salt.length, 32);
  assert.ok(detailMatches(commitment, salt, { to: "Dr Ayanda Nkosi", reason: "second opinion" }));
  assert.equal(detailMatches(commitment, salt, { ...detail, to: "Dr A. Nkosi" }), false);
  assert.equal(detailMatches(commitment, Buffer.alloc(32), detail), false);
  assert.equal(detailMatches(commitment, Buffer.alloc(0), detail), false);
  assert.notEqual(commitDetail(detail).commitment, commitment, "equal details do not look alike");
  assert.throws(() => commitDetail(detail, Buffer.alloc(15)), { code: "input.invalid" });
});
