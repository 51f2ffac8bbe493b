import assert from "node:assert/strict";
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDirectory, pathOf } from "#platform/blobs/directory.ts";
import { openDatabase } from "#platform/postgres/db.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { uid } from "#standards/dicom/values.ts";
import { type Clinic, get, openClinic, stow } from "../support/loss/clinic.ts";
import { fileOf, partsOf, studyUid } from "../support/loss/instances.ts";

/** A sealed object that was deleted, cut, exchanged or changed below us: a clear error, on the record, and no wrong byte is ever sent. */
const FILES = [1, 2, 3, 4, 5, 6].map((number) => Buffer.from(fileOf({ study: 1, number })));
const NAMES = FILES.map((_, at) => partsOf({ study: 1, number: at + 1 }).sopInstance);
const STUDY = `/dicomweb/studies/${studyUid(1)}`;
const SERIES = `${STUDY}/series/${uid(readPart10(FILES[0] ?? Buffer.alloc(0)).dataSet, 0x0020000e)}`;
const RELATED = 'multipart/related; type="application/dicom"; transfer-syntax=*';

let clinic: Clinic;
/** The object of each file: they came one after another, and names begin with the time. */
const paths: string[] = [];

before(async () => {
  clinic = await openClinic();
  const root = join(clinic.server.dataDir, "objects");
  const known = new Set<string>();
  for (const file of FILES) {
    assert.equal((await stow(clinic, file)).status, 200);
    const blobs = await openDirectory({ root });
    for await (const name of blobs.list()) if (!known.has(name)) paths.push(pathOf(root, name));
    for (const path of paths) known.add(path.slice(-32));
    await blobs.close();
  }
  assert.equal(paths.length, FILES.length);
});

after(() => clinic.server.remove());

const instance = (at: number): string => `${SERIES}/instances/${NAMES[at]}`;
const pathTo = (at: number): string => paths[at] ?? "";

async function wholeInstances(): Promise<{ status: number; bytes: Buffer }> {
  const answer = await get(clinic, STUDY, RELATED);
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}

type Answered = { status: number; code: string };

async function refusal(path: string, accept: string): Promise<Answered> {
  const answer = await get(clinic, path, accept);
  return { status: answer.status, code: ((await answer.json()) as { code: string }).code };
}

const DICOM = "application/dicom; transfer-syntax=*";
const OCTETS = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';

test("deleted, cut and exchanged objects are refused by 500 with their reason, as instance, as frame and as picture", async () => {
  const third = await readFile(pathTo(2));
  await rm(pathTo(0));
  await truncate(pathTo(1), 10_000);
  await writeFile(pathTo(2), await readFile(pathTo(4))); // of the same length, sealed under another key
  for (const [at, code] of [
    [0, "storage.missing"],
    [1, "seal.broken"],
    [2, "seal.broken"],
  ] as const) {
    assert.deepEqual(await refusal(instance(at), DICOM), { status: 500, code }, `instance ${at + 1}`);
    assert.deepEqual(await refusal(`${instance(at)}/frames/1`, OCTETS), { status: 500, code }, `frame of ${at + 1}`);
    assert.deepEqual(
      await refusal(`${instance(at)}/rendered`, "image/png"),
      { status: 500, code },
      `picture ${at + 1}`,
    );
    assert.equal((await get(clinic, `${instance(at)}/metadata`)).status, 200, "attributes lie elsewhere");
  }
  await writeFile(pathTo(2), third);
  assert.equal((await get(clinic, instance(2), DICOM)).status, 200, "the right bytes again are right again");
});

test("a study of which some is damaged is answered by 206 with the rest, byte for byte, and by nothing of the others", async () => {
  const { status, bytes } = await wholeInstances();
  assert.equal(status, 206);
  assert.deepEqual(
    FILES.map((file) => bytes.includes(file)),
    [false, false, true, true, true, true],
  );
});

test("an object that is changed in its middle is never given back wrong: the answer breaks off before", async () => {
  const file = FILES[3] ?? Buffer.alloc(0); // the largest: half a megabyte
  const sealed = await readFile(pathTo(3));
  const middle = sealed.length >> 1;
  sealed[middle] = (sealed[middle] ?? 0) ^ 1;
  await writeFile(pathTo(3), sealed);
  const got: Buffer[] = [];
  await assert.rejects(async () => {
    const { body } = await get(clinic, instance(3), DICOM);
    for await (const piece of body ?? []) got.push(Buffer.from(piece));
  }, "fetch tells that the answer is not whole");
  const bytes = Buffer.concat(got);
  assert.ok(bytes.length > 0 && bytes.length < file.length && file.subarray(0, bytes.length).equals(bytes));
});

test("each damage is on the record once, however often it is met", async () => {
  const database = await openDatabase({ dataDir: clinic.server.dataDir, databaseUrl: undefined, databasePool: 1 });
  const found = async () => {
    const { rows } = await database.owner.query<{ because: string; outcome: string; uid: string }>(
      `select e.because, e.outcome, i.sop_instance_uid as uid from ledger_entry e join instance i on i.id = e.subject
       where e.action = 'instance.damaged' order by i.sop_instance_uid`,
    );
    return rows;
  };
  for (let tries = 0; tries < 100 && (await found()).length < 4; tries += 1) await sleep(25);
  const outcome = "failed";
  assert.deepEqual(await found(), [
    { because: "storage.missing", outcome, uid: NAMES[0] },
    { because: "seal.broken", outcome, uid: NAMES[1] },
    { because: "seal.broken", outcome, uid: NAMES[2] },
    { because: "seal.broken", outcome, uid: NAMES[3] },
  ]);
  await database.close();
});
