import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { z } from "zod";
import type { Upload, UploadedFile } from "#contract/studies.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { addUploadHttp } from "#features/studies/upload/http.ts";
import { openDirectory } from "#platform/blobs/directory.ts";
import { filesBelow, nameOf, readData } from "../../../../test/support/data.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { anOrganisation } from "../../../../test/support/people.ts";
import { aColleague, sharingHouse } from "../../../../test/support/sharing.ts";
import { handMadeZip, zipOf } from "../../../../test/support/zip.ts";

const database = await testDatabase();
const house = await sharingHouse(database);
const { app } = house;
const root = mkdtempSync(join(tmpdir(), "safelight-upload-"));
const world = { ...house.world, blobs: await openDirectory({ root }) };
after(() => rmSync(root, { recursive: true, force: true }));
const actors = new Map<string, Actor>();
const logged: string[] = [];
let judgements = Number.POSITIVE_INFINITY; // how many of a request's later judgements still find its sender
await addUploadHttp(app, {
  world,
  authenticate: (request, underWay) => {
    if (underWay && judgements-- <= 0) return Promise.resolve(null);
    return Promise.resolve(actors.get(String(request.headers["x-who"])) ?? null);
  },
  log: (fault) => logged.push(fault.code),
});
const clinic = await anOrganisation(world);
const radiographer = await aColleague(world, clinic, ["radiographer"]);

const CT = readData("dicom/pydicom-small/CT_small.dcm");
const STUDY_UID = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322";

await app.listen({ host: "127.0.0.1", port: 0 });
const { port } = app.server.address() as AddressInfo;

/** Over a real connection: bodies stream and break as they do. */
async function ask(
  who: Actor | null,
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: Buffer | ReadableStream,
): Promise<{ status: number; body: unknown }> {
  const name = `${who?.kind}/${who?.id}`;
  if (who) actors.set(name, who);
  const type = method === "PUT" ? "application/dicom" : "application/json";
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { "x-who": name, ...(method === "GET" ? {} : { "content-type": type }) },
    ...(method === "POST" ? { body: "{}" } : {}),
    ...(body === undefined ? {} : { body, duplex: "half" }),
  } as RequestInit);
  return { status: answer.status, body: await answer.json() };
}

const begin = async (who: Actor = radiographer) => ((await ask(who, "POST", "/api/uploads")).body as { id: string }).id;

const listed = async (id: string) =>
  ((await ask(radiographer, "GET", `/api/uploads/${id}`)).body as z.infer<typeof Upload>).files;

async function put(id: string, n: number, body: Buffer | ReadableStream): Promise<UploadedFile[]> {
  const answer = await ask(radiographer, "PUT", `/api/uploads/${id}/files/${n}`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as UploadedFile[];
}

/** Every object that lies in the blob store now, half-written ones too. */
function stored(): Buffer[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}

test("a file is stored, and again it was here already", async () => {
  const id = await begin();
  const [first] = await put(id, 0, Buffer.from(CT));
  assert.equal(first?.outcome, "stored");
  const [again] = await put(id, 1, Buffer.from(CT));
  assert.deepEqual(again, { name: "1", outcome: "already-here", studyId: first.studyId });
  assert.deepEqual(
    (await listed(id)).map(({ name, outcome, studyId }) => [name, outcome, studyId]),
    [
      ["0", "stored", first.studyId],
      ["1", "already-here", first.studyId],
    ],
  );
});

test("a file that this upload stored is stored also when its answer was lost and it is sent again", async () => {
  const id = await begin();
  const fresh = Buffer.from(CT);
  const uid = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322";
  for (let at = fresh.indexOf(uid); at >= 0; at = fresh.indexOf(uid, at + 1)) fresh.write("9", at + uid.length - 1);
  const [first] = await put(id, 0, fresh);
  assert.equal(first?.outcome, "stored");
  assert.deepEqual(await put(id, 0, fresh), [first]);
  assert.deepEqual(
    (await put(await begin(), 0, fresh)).map(({ outcome }) => outcome),
    ["already-here"],
  );
  assert.deepEqual(
    (await listed(id)).map(({ outcome }) => outcome),
    ["stored"],
  );
});

test("an instance that is known under another study is refused and leaves no empty study behind", async () => {
  const id = await begin();
  await put(id, 0, Buffer.from(CT));
  const studies = async () => (await database.owner.query("select study_uid from study order by 1")).rows;
  const before = await studies();
  const moved = Buffer.from(CT);
  moved.write("12323", moved.indexOf(STUDY_UID, 0, "latin1") + STUDY_UID.length - 5, "latin1");
  assert.equal((await put(id, 1, moved))[0]?.code, "instance.conflict");
  assert.deepEqual(await studies(), before);
});

test("what cannot be filed is refused with its code, and the next file goes on", async () => {
  const id = await begin();
  const cut = Buffer.from(CT).subarray(0, CT.length - 1000);
  assert.equal((await put(id, 0, cut))[0]?.code, "dicom.malformed");
  assert.equal((await put(id, 1, Buffer.from("not an image at all, just some words")))[0]?.code, "dicom.not-dicom");
  assert.equal((await put(id, 2, Buffer.alloc(0)))[0]?.outcome, "refused");
  assert.deepEqual(
    (await listed(id)).map(({ outcome }) => outcome),
    ["refused", "refused", "refused"],
  );
});

test("an archive's files are taken one by one: images, companions, DICOMDIR, archives within", async () => {
  const disc: Record<string, Uint8Array> = {};
  for (const path of filesBelow("media/pydicom-dicomdirtests/77654033"))
    disc[nameOf(path).replace("media/pydicom-dicomdirtests/", "")] = readFileSync(path);
  const images = Object.keys(disc).length;
  const archive = await zipOf({
    ...disc,
    DICOMDIR: readData("media/pydicom-dicomdirtests/DICOMDIR"),
    "AUTORUN.INF": Buffer.from("[autorun]"),
    "VIEWER.EXE": Buffer.from("MZ"),
    "notes about somebody": Buffer.from("words that are no image and long enough to be looked at"),
    "broken.dcm": Buffer.from("words that call themselves an image but are none"),
    "inner/more": await zipOf({ x: CT }),
  });
  const before = stored().length;
  const files = await put(await begin(), 0, archive);
  const count = (outcome: string) => files.filter((file) => file.outcome === outcome).length;
  assert.equal(count("stored"), images);
  assert.deepEqual(
    Object.fromEntries(files.filter(({ outcome }) => outcome !== "stored").map(({ name, code }) => [name, code])),
    {
      DICOMDIR: "ignored.directory",
      "AUTORUN.INF": "ignored.companion",
      "VIEWER.EXE": "ignored.companion",
      "notes about somebody": "ignored.not-dicom",
      "broken.dcm": "dicom.not-dicom",
      "inner/more": "ignored.archive",
    },
  );
  assert.equal(stored().length, before + images, "the archive itself stays nowhere");
});

test("while an archive waits it lies sealed: no plain byte of it reaches the disk", async () => {
  const marker = Buffer.from("a name that would tell who this is");
  const archive = handMadeZip([
    { name: "x", content: Buffer.concat([marker, Buffer.alloc(6_000_000, 7)]), stored: true },
  ]);
  const seen: Buffer[] = [];
  const body = ReadableStream.from(
    (async function* () {
      yield archive.subarray(0, 5_000_000);
      for (let tries = 0; tries < 200 && !seen.some((bytes) => bytes.length > 131_072); tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        seen.push(...stored());
      }
      yield archive.subarray(5_000_000);
    })(),
  );
  await put(await begin(), 0, body);
  assert.ok(
    seen.some((bytes) => bytes.length >= 131_072),
    "it was being kept",
  );
  for (const bytes of seen) assert.ok(!bytes.includes(marker) && !bytes.includes("PK\x03\x04"));
});

test("a damaged archive is one refusal, and what came out before stays", async () => {
  const whole = await zipOf({ ct: CT });
  const id = await begin();
  const [refused] = await put(id, 0, whole.subarray(0, whole.length - 30));
  assert.deepEqual([refused?.outcome, refused?.code], ["refused", "input.invalid"]);
  const lying = handMadeZip([{ name: "ct", content: CT }], 5);
  assert.deepEqual(
    (await put(id, 1, lying)).map(({ outcome }) => outcome),
    ["already-here", "refused"],
  );
});

test("of an archive whose sender's session ends meanwhile, what came before is told as stored and the rest as one refusal", async () => {
  const id = await begin();
  const before = stored().length;
  const uid = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322";
  const files: Record<string, Uint8Array> = {};
  for (let n = 1; n <= 9; n++) {
    const file = Buffer.from(CT);
    const other = `${uid.slice(0, -5)}2000${n}`;
    for (let at = file.indexOf(uid); at >= 0; at = file.indexOf(uid, at + 1)) file.write(other, at);
    files[`${n}.dcm`] = file;
  }
  judgements = 4;
  const told = await put(id, 0, await zipOf(files));
  judgements = Number.POSITIVE_INFINITY;
  assert.deepEqual(
    told.map(({ outcome, code }) => code ?? outcome),
    ["stored", "stored", "stored", "stored", "sign-in.required"],
  );
  assert.equal(stored().length, before + 4, "nothing of the rest stays behind");
  assert.deepEqual(
    (await listed(id)).map(({ outcome, code }) => [outcome, code]),
    [["refused", "sign-in.required"]],
  );
});

test("a sender who leaves half-way leaves nothing behind", async () => {
  const id = await begin();
  const before = stored().length;
  const bytes = Buffer.from(CT);
  const leaving = ReadableStream.from(
    (async function* () {
      yield bytes.subarray(0, 20_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new Error("gone");
    })(),
  );
  await assert.rejects(ask(radiographer, "PUT", `/api/uploads/${id}/files/0`, leaving));
  for (let tries = 0; tries < 200 && stored().length > before; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(stored().length, before);
  assert.deepEqual(await listed(id), [], "it is missing, so it is sent again");
});

test("only people with a clinical role upload, and an upload is its beginner's alone", async () => {
  for (const role of ["administrator", "referrer", "privacy-officer", "auditor"] as const) {
    const who = await aColleague(world, clinic, [role]);
    assert.equal((await ask(who, "POST", "/api/uploads")).status, 403, role);
  }
  const id = await begin();
  const colleague = await aColleague(world, clinic, ["radiographer"]);
  const elsewhere = await aColleague(world, await anOrganisation(world), ["radiographer"]);
  for (const who of [colleague, elsewhere]) {
    assert.equal((await ask(who, "GET", `/api/uploads/${id}`)).status, 404);
    assert.equal((await ask(who, "PUT", `/api/uploads/${id}/files/0`, Buffer.from(CT))).status, 404);
  }
  assert.equal((await ask(radiographer, "GET", "/api/uploads/not-an-id")).status, 404);
  assert.equal((await ask(null, "POST", "/api/uploads")).status, 401);
});

test("names of files are kept nowhere", async () => {
  await put(await begin(), 0, await zipOf({ "Nkosi Ayanda 19870419": CT }));
  const { rows } = await database.owner.query<{ row: string }>("select f::text as row from upload_file f");
  assert.ok(rows.length > 0 && !JSON.stringify(rows).includes("Nkosi"));
  assert.deepEqual(logged, []);
});

test("a real collection of objects goes through as files: the sample's outcomes are those of its notes", async () => {
  const id = await begin();
  const outcomes = new Map<string, number>();
  const sample = [
    ...filesBelow("dicom/pr-ko"),
    ...filesBelow("dicom/rt").slice(0, 4),
    ...filesBelow("malformed").slice(0, 12),
  ];
  for (const [n, path] of sample.entries()) {
    const [file] = await put(id, n, readFileSync(path));
    outcomes.set(file?.outcome ?? "", (outcomes.get(file?.outcome ?? "") ?? 0) + 1);
    if (file?.outcome === "refused") assert.match(file.code ?? "", /^(dicom\.|instance\.conflict)/, nameOf(path));
  }
  assert.ok((outcomes.get("stored") ?? 0) >= 20, JSON.stringify([...outcomes]));
  const { rows } = await database.read(scopeOf(radiographer), async (tx) => ({
    rows: await tx.selectFrom("instance").select("source").distinct().execute(),
  }));
  assert.deepEqual(rows, [{ source: "web" }]);
});
