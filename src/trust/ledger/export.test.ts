import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exportLines, verifyExport } from "./export.ts";
import { ledgerOf, organisation, publicKey, signingKey } from "./ledger.fixture.ts";
import { formatVerifier, parseVerifier } from "./signing.ts";

const story = ledgerOf(30, [10, 20, 30]);
const header = { organisation, publicKey: formatVerifier(organisation, signingKey), from: 0 };
const lines = await Array.fromAsync(exportLines(header, story.rows, story.checkpoints));
const verdict = async (some: string[], since: string[] = []) =>
  (await verifyExport(some, publicKey, { since })).findings.map(({ kind, from, to }) => [kind, from, to]);

test("an export verifies with the public key alone and says what it covers", async () => {
  assert.equal(lines.length, 1 + 30 + 3 + 1);
  assert.ok(lines.every((line) => !line.includes("\n")));
  const key = parseVerifier((JSON.parse(lines[0] ?? "") as { publicKey: string }).publicKey);
  const report = await verifyExport(lines, key.publicKey, { organisation });
  assert.deepEqual(report, { organisation, entries: 30, checkpoints: 3, signedTo: 30, findings: [] });
});

test("a part of a ledger verifies from the checkpoint it starts at", async () => {
  const part = await Array.fromAsync(
    exportLines({ ...header, from: 10 }, story.rows.slice(10, 20), story.checkpoints.slice(0, 2)),
  );
  const report = await verifyExport(part, publicKey);
  assert.deepEqual([report.findings, report.entries, report.signedTo], [[], 10, 20]);
  assert.deepEqual(await verdict(part, [story.checkpoints[1]?.note ?? ""]), []);
  const damaged = part.toSpliced(5, 1);
  assert.ok((await verdict(damaged)).some(([kind]) => kind === "missing"));
  const headless = part.toSpliced(1, 1);
  assert.deepEqual(await verdict(headless), [["unproven", 10, 20]]);
});

test("any line of an export that is left out, repeated or changed is found", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(lines.length - 1), fc.nat(), fc.nat(3), async (at, where, how) => {
      const line = lines[at] ?? "";
      const i = where % line.length;
      const other = line[i] === "1" ? "2" : "1";
      const damaged = [
        lines.toSpliced(at, 1),
        lines.toSpliced(at, 0, line),
        lines.with(at, line.slice(0, i) + other + line.slice(i + 1)),
        lines.slice(0, at),
      ][how] as string[];
      if (how === 2 && at === 0 && line.slice(0, i).includes('publicKey":')) return; // nothing rests on the key in the file
      assert.notDeepEqual(await verdict(damaged), []);
    }),
    { numRuns: 300 },
  );
});

test("an export whose last line counts fewer entries than it holds is found", async () => {
  assert.deepEqual(await verdict(lines.with(-1, '{"end":20}')), [["inserted", 20, 30]]);
  assert.deepEqual(await verdict(lines.with(-1, '{"end":31}')), [["missing", 30, 31]]);
});

test("a detail that was changed is found, one that was withheld is not missed", async () => {
  const forged = lines.map((line) => line.replace("reason 12", "another reason"));
  assert.deepEqual(await verdict(forged), [["detail", 12, 13]]);
  const withheld = story.rows.map(({ sequence, entry, leaf }) => ({ sequence, entry, leaf }));
  const short = await Array.fromAsync(exportLines(header, withheld, story.checkpoints));
  assert.ok(!short.some((line) => line.includes("reason 12")));
  assert.deepEqual(await verdict(short), []);
});

test("a file that is no export gives one finding and no exception", async () => {
  assert.deepEqual(await verdict([]), [["tail-cut", 0, 0]]);
  for (const first of ["", "{", "[]", "null", '{"format":"other"}', '{"format":"safelight-ledger","version":2}']) {
    assert.deepEqual(await verdict([first, "x"]), [["malformed", 0, 0]]);
  }
});

test("rubbish between the lines is found and bounded in number", async () => {
  const rubbish = Array.from({ length: 5000 }, () => "rubbish");
  const report = await verifyExport(lines.toSpliced(3, 0, ...rubbish), publicKey);
  assert.equal(report.findings.length, 1001);
  assert.equal(report.signedTo, 30);
});

test("an export signed by another key, or of another organisation than asked for, does not verify", async () => {
  const other = await verifyExport(lines, publicKey, { organisation: "another" });
  assert.ok(other.findings.some(({ says }) => says.includes("another organisation")));
});
