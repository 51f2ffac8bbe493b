import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { newKey } from "../keys/wrap.ts";
import { readCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { entryHash, type LedgerEntry } from "./entry.ts";
import type { Finding } from "./finding.ts";
import { ledgerOf, publicKey, type Story, signingKey } from "./ledger.fixture.ts";
import { signingKeyOf } from "./signing.ts";
import type { CheckpointRecord, LedgerRow } from "./verifier.ts";
import { verifyEntries } from "./verify.ts";

const check = (story: Story, rows: LedgerRow[], since: string[] = []) =>
  verifyEntries(rows, story.checkpoints, publicKey, { since });
const places = (findings: Finding[]) => findings.map(({ kind, from, to }) => [kind, from, to]);
const bare = (rows: LedgerRow[]): LedgerRow[] => rows.map(({ sequence, entry }) => ({ sequence, entry }));

/** A story of 30 entries with checkpoints at 10, 20 and 30. */
const story = ledgerOf(30, [10, 20, 30]);
const changed = (row: LedgerRow | undefined): LedgerRow => {
  const entry: LedgerEntry = { ...(row?.entry as LedgerEntry), outcome: "refused" };
  return { sequence: entry.sequence, entry, leaf: row?.leaf };
};
const renumbered = (row: LedgerRow, sequence: number): LedgerRow => {
  const entry: LedgerEntry = { ...(row.entry as LedgerEntry), sequence };
  return { sequence, entry, leaf: entryHash(entry) };
};

test("an honest ledger has no findings, of any length and with checkpoints anywhere", async () => {
  const sizes = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 6 }).map((all) => all.sort((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(sizes, async (checkpointSizes) => {
      const length = checkpointSizes.at(-1) ?? 0;
      const honest = ledgerOf(length, checkpointSizes);
      const notes = honest.checkpoints.map(({ note }) => note);
      for (const rows of [honest.rows, bare(honest.rows)]) {
        const report = await check(honest, rows, notes);
        assert.deepEqual(report.findings, []);
        assert.equal(report.entries, length);
        assert.equal(report.signedTo, length);
        assert.equal(report.checkpoints, notes.length);
      }
    }),
    { numRuns: 25 },
  );
});

test("a changed entry is located exactly where its leaf's hash is kept, otherwise between two checkpoints", async () => {
  const rows = story.rows.with(13, changed(story.rows[13]));
  assert.deepEqual(places((await check(story, rows)).findings), [["changed", 13, 14]]);
  assert.deepEqual(places((await check(story, bare(rows))).findings), [["rewritten", 10, 20]]);
});

test("an entry changed together with its leaf's hash is located between two checkpoints", async () => {
  const rows = story.rows.with(13, renumbered(changed(story.rows[13]), 13));
  assert.deepEqual(places((await check(story, rows)).findings), [["rewritten", 10, 20]]);
});

test("a deleted entry is located exactly, whether its leaf's hash is left or not", async () => {
  assert.deepEqual(places((await check(story, story.rows.toSpliced(13, 1))).findings), [
    ["missing", 13, 14],
    ["unproven", 10, 20],
  ]);
  const leafLeft = story.rows.with(13, { sequence: 13, entry: undefined, leaf: story.rows[13]?.leaf });
  assert.deepEqual(places((await check(story, leafLeft)).findings), [["missing", 13, 14]]);
});

test("a deleted entry whose gap was closed by renumbering is found: another tree, and too short", async () => {
  const closed = [...story.rows.slice(0, 13), ...story.rows.slice(14).map((row) => renumbered(row, row.sequence - 1))];
  assert.deepEqual(places((await check(story, closed)).findings), [
    ["rewritten", 10, 20],
    ["missing", 29, 30],
    ["unproven", 20, 30],
  ]);
});

test("an inserted entry is found: twice the same place, or later entries pushed back", async () => {
  const twice = story.rows.toSpliced(14, 0, changed(story.rows[13]));
  assert.deepEqual(places((await check(story, twice)).findings), [["inserted", 13, 14]]);
  const pushed = [
    ...story.rows.slice(0, 13),
    renumbered(changed(story.rows[13]), 13),
    ...story.rows.slice(13).map((row) => renumbered(row, row.sequence + 1)),
  ];
  assert.deepEqual(places((await check(story, pushed)).findings), [
    ["rewritten", 10, 20],
    ["rewritten", 20, 30],
    ["unproven", 30, 31],
  ]);
});

test("entries in another order are found", async () => {
  const exchanged = story.rows.with(13, story.rows[15] as LedgerRow).with(15, story.rows[13] as LedgerRow);
  const findings = (await check(story, exchanged)).findings;
  assert.deepEqual(places(findings).slice(0, 2), [
    ["missing", 13, 15],
    ["order", 14, 15],
  ]);
});

test("several damages are each located, because verification resumes at each checkpoint's frontier", async () => {
  const rows = story.rows
    .with(3, renumbered(changed(story.rows[3]), 3))
    .with(25, renumbered(changed(story.rows[25]), 25));
  assert.deepEqual(places((await check(story, rows)).findings), [
    ["rewritten", 0, 10],
    ["rewritten", 20, 30],
  ]);
  const notes = story.checkpoints.map(({ note }) => ({ note }));
  const without = await verifyEntries(rows, notes, publicKey);
  assert.deepEqual(places(without.findings), [
    ["rewritten", 0, 10],
    ["unproven", 10, 30],
  ]);
});

test("a frontier that was changed to fit a rewritten tree is not believed", async () => {
  const forged = ledgerOf(30, [10, 20, 30], () => "study.forged");
  const checkpoints = story.checkpoints.map(({ note }, i) => ({ note, frontier: forged.checkpoints[i]?.frontier }));
  const { findings } = await verifyEntries(forged.rows, checkpoints, publicKey);
  assert.deepEqual(places(findings), [
    ["rewritten", 0, 10],
    ["checkpoint", 10, 10],
    ["unproven", 10, 20],
    ["checkpoint", 20, 20],
    ["unproven", 20, 30],
    ["checkpoint", 30, 30],
  ]);
});

test("a cut tail is found by the last checkpoint, and by a witness's where that was cut too", async () => {
  assert.deepEqual(places((await check(story, story.rows.slice(0, 25))).findings), [
    ["missing", 25, 30],
    ["unproven", 20, 30],
  ]);
  const cut: Story = { rows: story.rows.slice(0, 20), checkpoints: story.checkpoints.slice(0, 2) };
  assert.deepEqual((await check(cut, cut.rows)).findings, [], "nothing in it says that there was more");
  const witnessed = story.checkpoints[2]?.note ?? "";
  assert.deepEqual(places((await check(cut, cut.rows, [witnessed])).findings), [["tail-cut", 20, 30]]);
});

test("a tree forked and signed again with the right key is found by an older checkpoint", async () => {
  const forged = ledgerOf(40, [10, 20, 30, 40], (sequence) => (sequence === 17 ? "study.forged" : "study.view"));
  assert.deepEqual((await check(forged, forged.rows)).findings, [], "by itself it is without fault");
  const since = story.checkpoints.map(({ note }) => note);
  assert.deepEqual(places((await check(forged, forged.rows, since)).findings), [
    ["fork", 0, 20],
    ["fork", 0, 30],
  ]);
  const grown = ledgerOf(40, [10, 20, 30, 40]);
  assert.deepEqual((await check(grown, grown.rows, since)).findings, [], "an honest one continues it");
});

test("a witness's checkpoint inside damaged entries is unproven rather than passed over", async () => {
  const witness = ledgerOf(30, [15]).checkpoints[0]?.note ?? "";
  const { findings } = await check(story, story.rows.toSpliced(13, 1), [witness]);
  assert.deepEqual(places(findings), [
    ["missing", 13, 14],
    ["unproven", 15, 15],
    ["unproven", 10, 20],
  ]);
});

test("checkpoints that were removed, replaced, reordered or signed by another key are found", async () => {
  const [a, b, c] = story.checkpoints as [CheckpointRecord, CheckpointRecord, CheckpointRecord];
  const verdict = async (checkpoints: CheckpointRecord[]) =>
    (await verifyEntries(story.rows, checkpoints, publicKey)).findings.map(({ kind }) => kind);
  assert.deepEqual(await verdict([a, c]), ["checkpoint"]);
  assert.deepEqual(await verdict([b, c]), ["checkpoint"], "the first names one before it");
  assert.deepEqual(await verdict([b, a, c]), ["checkpoint", "checkpoint"]);
  const stranger = signingKeyOf(newKey());
  const resigned = { note: signCheckpoint(readCheckpoint(b.note), stranger) };
  assert.deepEqual(await verdict([a, resigned, c]), ["checkpoint", "checkpoint"]);
  assert.deepEqual(await verdict([a, b, { note: "nonsense" }, c]), ["checkpoint"]);
  const older = { ...readCheckpoint(c.note), at: new Date(0) };
  assert.deepEqual(await verdict([a, b, { note: signCheckpoint(older, signingKey) }]), ["checkpoint"]);
  const witness = await check(story, story.rows, [resigned.note]);
  assert.deepEqual(places(witness.findings), [["checkpoint", 0, 0]]);
});

test("entries that no checkpoint covers are unproven, unless they are young enough to wait for theirs", async () => {
  const tail = ledgerOf(30, [10, 20]);
  assert.deepEqual(places((await check(tail, tail.rows)).findings), [["unproven", 20, 30]]);
  const time = (sequence: number) => new Date(Date.UTC(2026, 0, 1) + sequence * 1000);
  const judged = (unsignedFrom: Date) => verifyEntries(tail.rows, tail.checkpoints, publicKey, { unsignedFrom });
  assert.deepEqual((await judged(time(20))).findings, []);
  assert.equal((await judged(time(20))).signedTo, 20);
  assert.deepEqual(places((await judged(time(21))).findings), [["unproven", 20, 30]]);
  assert.deepEqual(places((await verifyEntries(tail.rows, [], publicKey)).findings), [["unproven", 0, 30]]);
});

test("a ledger of another organisation, and rows that are no entries, are found", async () => {
  const other = await verifyEntries(story.rows, story.checkpoints, publicKey, { organisation: "another" });
  assert.ok(other.findings.some(({ kind }) => kind === "changed"));
  assert.ok(other.findings.some(({ kind, says }) => kind === "checkpoint" && says.includes("another organisation")));
  const bad = story.rows.with(5, { sequence: 5, entry: { hello: 1 }, leaf: story.rows[5]?.leaf });
  assert.deepEqual(places((await check(story, bad)).findings), [["malformed", 5, 6]]);
  const odd = story.rows.toSpliced(5, 0, { sequence: Number.NaN, entry: {} });
  assert.deepEqual(places((await check(story, odd)).findings), [["malformed", 5, 5]]);
});

test("keys that signed earlier checkpoints can be given beside the current one", async () => {
  const next = signingKeyOf(newKey());
  const [a, b] = story.checkpoints as [CheckpointRecord, CheckpointRecord];
  const rotated = [a, { ...b, note: signCheckpoint(readCheckpoint(b.note), next) }];
  const rows = story.rows.slice(0, 20);
  const both = await verifyEntries(rows, rotated, [createPublicKey(next), publicKey]);
  assert.deepEqual(both.findings, []);
  assert.notDeepEqual((await verifyEntries(rows, rotated, createPublicKey(next))).findings, []);
});

test("any single change to any row of a ledger is found", async () => {
  const damage = fc.constantFrom("change", "forge", "delete", "twice", "swap", "insert");
  await fc.assert(
    fc.asyncProperty(fc.nat(28), damage, fc.boolean(), async (at, how, withLeaves) => {
      const all: LedgerRow[] = withLeaves ? story.rows : bare(story.rows);
      const [row, after] = [all[at] as LedgerRow, all[at + 1] as LedgerRow];
      const damaged = {
        change: all.with(at, withLeaves ? changed(row) : { ...changed(row), leaf: undefined }),
        forge: all.with(at, renumbered(changed(row), at)),
        delete: all.toSpliced(at, 1),
        twice: all.toSpliced(at, 0, row),
        swap: all.with(at, renumbered(after, at)).with(at + 1, renumbered(row, at + 1)),
        insert: [...all.slice(0, at), ...[row, ...all.slice(at)].map((each, i) => renumbered(each, at + i))],
      }[how];
      const { findings } = await check(story, damaged);
      assert.ok(findings.length > 0);
      const first = how === "insert" ? at + 1 : at; // the first of two equal entries stands where it stood
      assert.ok(Math.min(...findings.map(({ from }) => from)) <= first, "and it is not located behind the damage");
    }),
    { numRuns: 150 },
  );
});
