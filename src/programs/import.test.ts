import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DATA, readData } from "../../test/support/data.ts";
import { zipOf } from "../../test/support/zip.ts";
import { main } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-import-"));
process.env["SAFELIGHT_DATA_DIR"] = join(folder, "data");
after(() => rmSync(folder, { recursive: true, force: true }));

type Answer = {
  stored: number;
  alreadyHere: number;
  ignored: number;
  refused: number;
  studies: string[];
  ignoredBecause: Record<string, number>;
  refusals: { name: string; code: string }[];
};

async function run(...args: string[]): Promise<{ code: number; out: string; err: string; json: Answer }> {
  let [out, err] = ["", ""];
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return {
    code,
    out,
    err,
    get json() {
      return JSON.parse(out) as Answer;
    },
  };
}

before(async () => {
  assert.equal((await run("admin", "org", "create", "--name", "Clinic", "--json")).code, 0);
});

const DISC = join(DATA, "media/pydicom-dicomdirtests");

test("a DICOMDIR's files come in; the whole folder afterwards adds only what it did not list", async () => {
  const listed = await run("import", join(DISC, "DICOMDIR"), "--org", "Clinic", "--json");
  assert.equal(listed.code, 0, listed.err);
  assert.deepEqual([listed.json.stored, listed.json.studies.length], [31, 6]);
  const all = await run("import", DISC, "--org", "Clinic", "--json");
  assert.equal(all.code, 0);
  assert.deepEqual([all.json.stored, all.json.alreadyHere, all.json.refused], [50, 31, 0]);
  assert.deepEqual(all.json.ignoredBecause, { "ignored.directory": 8 });
});

test("a refusal is told by name and reason, ends with 1, and the rest came in", async () => {
  const ct = readData("dicom/pydicom-small/CT_small.dcm");
  const path = join(folder, "mixed.zip");
  writeFileSync(
    path,
    await zipOf({ good: ct, "cut\u001b[31m": ct.subarray(0, 30_000), "READ.TXT": Buffer.from("hello") }),
  );
  const told = await run("import", path, "--org", "Clinic");
  assert.equal(told.code, 1);
  assert.match(told.out, /^1 stored · 0 already here · 1 left out · 1 refused · 1 studies\n/);
  assert.match(told.out, /refused 1 \(dicom\.malformed\)\n {4}cut\?\[31m: /);
  const again = await run("import", path, "--org", "Clinic", "--json");
  assert.deepEqual([again.code, again.json.alreadyHere, again.json.refusals.length], [1, 1, 1]);
});

test("wrong use ends with 2, what could not be done with 3", async () => {
  assert.equal((await run("import", "--org", "Clinic")).code, 2);
  assert.equal((await run("import", DISC)).code, 2);
  const nowhere = await run("import", join(folder, "nothing"), "--org", "Clinic");
  assert.equal(nowhere.code, 3);
  assert.match(nowhere.err, /cannot be read \(ENOENT\)/);
  assert.equal((await run("import", DISC, "--org", "No such clinic")).code, 3);
});
