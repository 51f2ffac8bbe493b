import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { openDirectory } from "#platform/blobs/directory.ts";
import { type DimseResult, type OpenAssociation, openAssociation, type StoreItem } from "#platform/dicom/client.ts";
import { openDatabase } from "#platform/postgres/db.ts";
import { concat } from "#standards/dicom/concat.ts";
import { filesBelow, nameOf, readData } from "../support/data.ts";
import { samplePart10 } from "../support/dcmtk.ts";
import { CT } from "../support/dicom-wire.ts";
import { DEFLATED, EXPLICIT, element, type Hostile, header, liars, part10Of, start } from "../support/hostile.ts";
import { type Clinic, get, openClinic, stow } from "../support/loss/clinic.ts";
import { partsOf } from "../support/loss/instances.ts";
import { handMadeZip, zipOf } from "../support/zip.ts";

/**
 * Bad input, to the real server: every malformed sample and what is worse, by C-STORE and by STOW-RS. A clear refusal or an honest
 * acceptance; no crash, no wait of 5 s, no growth by 64 MiB, nothing half stored, and the association's other instances are kept.
 */
const LONGEST_MS = 5_000;
const MOST_GROWTH = 64 * 1024 * 1024;
/** An element, or the part of the file, in the few words that an Error Comment holds. */
const PLACE = /\([0-9A-F]{4},[0-9A-F]{4}\)|deflated data set|DICM mark|bytes are too few|grows beyond/;

let clinic: Clinic;
let dimse: OpenAssociation;
let resident = 0;

const FILES = filesBelow("malformed").map((path) => ({ name: nameOf(path), bytes: readFileSync(path) }));

/** File meta information as far as it can be walked, group length or not: its UIDs, and where the data set begins. PS3.10 §7.1. */
function walked(bytes: Buffer): { uids: Map<number, string>; end: number } {
  const uids = new Map<number, string>();
  let end = bytes.toString("latin1", 128, 132) === "DICM" ? 132 : 0;
  while (end + 12 <= bytes.length && bytes.readUInt16LE(end) === 0x0002) {
    const long = ["OB", "OW", "UN", "UT", "SQ"].includes(bytes.toString("latin1", end + 4, end + 6));
    const [from, length] = long ? [end + 12, bytes.readUInt32LE(end + 8)] : [end + 8, bytes.readUInt16LE(end + 6)];
    if (from + length > bytes.length) break;
    uids.set(bytes.readUInt16LE(end + 2), bytes.toString("latin1", from, from + length).replace(/[\0 ]+$/, ""));
    end = from + length;
  }
  return { uids, end };
}

/** What a C-STORE of such a file carries: what its meta information says where that is a UID that can be proposed, else a guess. */
function itemOf(bytes: Buffer, at: number): StoreItem {
  const { uids, end } = walked(bytes);
  const said = (element: number, form: RegExp, guess: string): string => {
    const uid = uids.get(element) ?? "";
    return form.test(uid) ? uid : guess;
  };
  return {
    sopClass: said(0x0002, /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.[0-9.]{1,30}$/, CT),
    sopInstance: said(0x0003, /^[0-9][0-9.]{0,63}$/, `2.25.88${at}`),
    transferSyntax: said(0x0010, /^1\.2\.840\.10008\.1\.2[0-9.]{0,30}$/, EXPLICIT),
    dataSet: bytes.subarray(end),
  };
}

const ITEMS = FILES.map(({ bytes }, at) => itemOf(bytes, at));

function rssOf(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

before(async () => {
  clinic = await openClinic({ env: { SAFELIGHT_LOG_LEVEL: "fatal" } });
  const { server, tls } = clinic;
  const pairs = [
    ...ITEMS.map((item) => `${item.sopClass} ${item.transferSyntax}`),
    `${CT} ${EXPLICIT}`,
    `${CT} ${DEFLATED}`,
  ];
  const contexts = [...new Set(pairs)].map((pair) => {
    const [abstractSyntax = "", transferSyntax = ""] = pair.split(" ");
    return { abstractSyntax, transferSyntaxes: [transferSyntax] };
  });
  assert.ok(tls.tls);
  dimse = await openAssociation({
    ...{ host: "localhost", port: server.ports.dicomTls, tls: tls.tls, callingAe: tls.ae, calledAe: "SAFELIGHT" },
    contexts,
  });
  for (let number = 1; number <= 30; number += 1) assert.equal((await storeBySender(goodOne(1, number))).status, 0);
  assert.equal((await stow(clinic, readData("dicom/pydicom-small/CT_small.dcm"))).status, 200);
});

/** Each test for itself: what the server needed for the one before is no growth by this one. */
beforeEach(() => {
  resident = rssOf(clinic.server.pid);
});

after(async () => {
  await dimse.release();
  await clinic.server.remove();
});

const goodOne = (study: number, number: number): StoreItem => partsOf({ study, number });

function within<T>(what: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = setTimeout(() => reject(new Error(`${what}: no answer within ${LONGEST_MS} ms`)), LONGEST_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(late));
}

/** Where the server takes no context for the item's syntax, it comes as what it is not. */
async function storeBySender(item: StoreItem): Promise<DimseResult> {
  const agreed = [...dimse.accepted.values()].some(
    ({ abstractSyntax, transferSyntax }) => abstractSyntax === item.sopClass && transferSyntax === item.transferSyntax,
  );
  return dimse.store(agreed ? item : { ...item, sopClass: CT, transferSyntax: EXPLICIT });
}

function notGrown(name: string): void {
  const growth = rssOf(clinic.server.pid) - resident;
  assert.ok(growth < MOST_GROWTH, `${name}: the server has grown by ${growth >> 20} MiB`);
}

type StowAnswer = { status: number; stored: string | undefined; comment: string };
/** PS3.18 annex I.2: failures that name their instance, and others. */
type Failed = { Value: [{ "00000902": { Value: [string] } }] };
type StowJson = {
  message?: string;
  "00081199"?: { Value: [{ "00081190": { Value: [string] } }] };
  "00081198"?: Failed;
  "0008119A"?: Failed;
};

async function storeByHttp(bytes: Uint8Array, to: Clinic = clinic): Promise<StowAnswer> {
  const answer = await stow(to, bytes);
  const json = (await answer.json()) as StowJson;
  return {
    status: answer.status,
    stored: json["00081199"]?.Value[0]["00081190"].Value[0],
    comment: (json["00081198"] ?? json["0008119A"])?.Value[0]["00000902"].Value[0] ?? json.message ?? "",
  };
}

function refusedClearly(name: string, { status, errorComment = "" }: DimseResult): void {
  assert.ok(
    (status >= 0xa000 && status < 0xd000) || (status >= 0x0100 && status < 0x0200),
    `${name}: ${status.toString(16)}`,
  );
  assert.match(errorComment, PLACE, `${name}: ${status.toString(16)}`);
}

test(`by C-STORE, on one association, each of ${FILES.length} malformed files is taken or refused with its element; the good ones between are kept`, async (t) => {
  let taken = 0;
  for (const [at, item] of ITEMS.entries()) {
    const name = FILES[at]?.name ?? "";
    const result = await within(name, storeBySender(item));
    if (result.status === 0) taken += 1;
    else refusedClearly(name, result);
    notGrown(name);
    if (at % 10 === 0) assert.equal((await storeBySender(goodOne(2, at + 1))).status, 0, `after ${name}`);
  }
  t.diagnostic(`${taken} taken, ${ITEMS.length - taken} refused`);
});

test(`by STOW-RS each of ${FILES.length} malformed files is stored as it is or refused with its element`, async (t) => {
  const organisation = await clinic.server.organisation("Clinic Of Bad Files");
  const other: Clinic = { ...clinic, organisation, token: await clinic.server.token(organisation) };
  const byUrl = new Map<string, Buffer[]>();
  for (const { name, bytes } of FILES) {
    const { status, stored = "", comment } = await within(name, storeByHttp(bytes, other));
    if (status === 200) byUrl.set(stored, [...(byUrl.get(stored) ?? []), bytes]);
    else {
      assert.ok(status === 409 || status === 400, `${name}: ${status}`);
      assert.match(comment, PLACE, name);
    }
    notGrown(name);
  }
  for (const [url, files] of byUrl) {
    const path = url.slice(clinic.server.url.length);
    const back = await get(other, path, "application/dicom; transfer-syntax=*");
    const bytes = Buffer.from(await back.arrayBuffer());
    assert.ok(
      files.some((file) => file.equals(bytes)),
      `${url}: it came back changed (${back.status})`,
    );
    const metadata = await within(url, get(other, `${path}/metadata`));
    assert.equal(metadata.status, 200, url);
    await metadata.body?.cancel();
  }
  t.diagnostic(`${byUrl.size} instances stored`);
});

for (const hostile of liars()) {
  test(`${hostile.name}: refused by C-STORE and by STOW-RS, within 5 s and 64 MiB`, async () => {
    const item = { ...hostile, sopClass: CT };
    refusedClearly(hostile.name, await within(hostile.name, storeBySender(item)));
    notGrown(hostile.name);
    const { status, comment } = await within(hostile.name, storeByHttp(part10Of(hostile)));
    assert.ok(status === 409 || status === 400 || status === 413, String(status));
    assert.match(comment, PLACE);
    notGrown(hostile.name);
    assert.equal((await storeBySender(goodOne(3, Number(hostile.sopInstance.slice(-1)) + 1))).status, 0);
  });
}

test("UIDs that climb out of folders are no UIDs, and none of them reaches the disk", async () => {
  const climbing = "../../../../evil";
  const file = (sopInstance: string, ...more: Uint8Array[]): Hostile => ({
    ...{ name: "", sopInstance, transferSyntax: EXPLICIT },
    dataSet: concat([start(sopInstance), ...more]),
  });
  refusedClearly("C-STORE", await storeBySender({ ...file(climbing), sopClass: CT }));
  const { status, comment } = await storeByHttp(part10Of(file(climbing)));
  assert.deepEqual([status, comment.startsWith("(0008,0018)")], [409, true]);
  for (const path of ["/dicomweb/studies/..%2F..%2Fevil", "/dicomweb/studies/2.25.1/series/%2e%2e%2fevil/instances/x"])
    assert.equal((await get(clinic, path)).status, 404, path);
});

test("a script in PatientName is stored and given back as the text it is", async () => {
  const name = "<script>alert(1)</script>^<b onclick>&amp;quot;";
  const sopInstance = "2.25.990010";
  const dataSet = start(sopInstance, { patientName: name, study: "2.25.4713" });
  assert.equal((await storeBySender({ sopClass: CT, sopInstance, transferSyntax: EXPLICIT, dataSet })).status, 0);
  const answer = await get(clinic, `/dicomweb/instances?SOPInstanceUID=${sopInstance}`);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/dicom\+json/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  const [row] = (await answer.json()) as { "00100010": { Value: [{ Alphabetic: string }] } }[];
  assert.equal(row?.["00100010"].Value[0].Alphabetic, name);
});

test("Rows and Columns that lie are kept as sent; frames and pictures of them are refused, not invented", async () => {
  const sopInstance = "2.25.990011";
  const short = (value: number): Uint8Array => Uint8Array.of(value & 255, value >> 8);
  const image: [number, number][] = [
    [0x00280002, 1],
    [0x00280010, 60_000],
    [0x00280011, 60_000],
    [0x00280100, 16],
    [0x00280101, 16],
    [0x00280102, 15],
    [0x00280103, 0],
  ];
  const numbers = image.map(([tag, value]) => concat([header(tag, "US", 2), short(value)]));
  const [samples = new Uint8Array(0), ...others] = numbers;
  const photometric = element(0x00280004, "CS", "MONOCHROME2");
  const pixels = concat([header(0x7fe00010, "OW", 2000), new Uint8Array(2000)]);
  const dataSet = concat([start(sopInstance), samples, photometric, ...others, pixels]);
  assert.equal((await storeBySender({ sopClass: CT, sopInstance, transferSyntax: EXPLICIT, dataSet })).status, 0);
  const path = `/dicomweb/studies/2.25.4711/series/2.25.4711.1/instances/${sopInstance}`;
  for (const [what, accept] of [
    ["frames/1", "application/octet-stream"],
    ["rendered", "image/png"],
    ["thumbnail", "image/png"],
  ] as const) {
    const { status } = await within(what, get(clinic, `${path}/${what}`, accept));
    assert.ok(status >= 400 && status < 500, `${what}: ${status}`);
  }
  notGrown("lying Rows");
});

test("an archive that climbs out of its folder and one that is a bomb are refused, and their honest files come in", async () => {
  const { server, organisation } = clinic;
  const honest = readData("dicom/pydicom-small/MR_small.dcm");
  const files = { slip: join(server.dataDir, "slip.zip"), bomb: join(server.dataDir, "bomb.zip") };
  const climbing = { name: "../../../../evil.dcm", content: honest };
  await writeFile(files.slip, handMadeZip([climbing, { name: "honest.dcm", content: honest }]));
  const claims = concat([start("2.25.990012"), header(0x00211001, "UN", 400 * 1024 * 1024)]);
  const hollow = part10Of({ name: "", sopInstance: "2.25.990012", transferSyntax: EXPLICIT, dataSet: claims });
  const zeros = Buffer.concat([hollow, Buffer.alloc(400 * 1024 * 1024)]);
  await writeFile(files.bomb, await zipOf({ "zeros.dcm": zeros, "honest.dcm": honest }));
  type Outcome = { stored: number; alreadyHere: number; refused: number; refusals: { code: string }[] };
  const imported = async (file: string): Promise<Outcome> => {
    const { stdout } = await server.commandThatRefuses("import", file, "--org", organisation);
    return JSON.parse(stdout) as Outcome;
  };
  const slip = await imported(files.slip);
  assert.deepEqual([slip.stored, slip.refused, slip.refusals[0]?.code], [1, 1, "input.invalid"]);
  assert.equal(existsSync(join(server.dataDir, "../../../../evil.dcm")), false);
  const bomb = await imported(files.bomb);
  assert.deepEqual([bomb.alreadyHere, bomb.refused, bomb.refusals[0]?.code], [1, 1, "input.too-large"]);
});

test("files without preamble are imported where what they are is certain, and a wrong transfer syntax is taken for what it is", async () => {
  const whole = readData("dicom/pydicom-small/CT_small.dcm");
  const fresh = Buffer.from(whole);
  const { sopInstance } = samplePart10(fresh) ?? { sopInstance: "" };
  for (let at = fresh.indexOf(sopInstance, 0, "latin1"); at >= 0; at = fresh.indexOf(sopInstance, at + 1, "latin1"))
    fresh.write("9", at + sopInstance.length - 1, "latin1");
  assert.equal((await storeByHttp(fresh.subarray(132))).status, 200, "no preamble and no mark");
  assert.equal((await storeByHttp(fresh.subarray(128))).status, 200, "the mark alone: the same instance again");
  const uncertain = await storeByHttp(fresh.subarray(4_000));
  assert.equal(uncertain.status, 409);
  assert.match(uncertain.comment, PLACE);
});

test("after all of it nothing is half stored: every object has its row, and the record verifies", async () => {
  const { server } = clinic;
  const database = await openDatabase({ dataDir: server.dataDir, databaseUrl: undefined, databasePool: 1 });
  const { rows } = await database.owner.query<{ blobs: string }>(
    "select (select count(*) from instance) + (select count(*) from quarantine) as blobs",
  );
  await database.close();
  const blobs = await openDirectory({ root: join(server.dataDir, "objects") });
  assert.equal((await Array.fromAsync(blobs.list())).length, Number(rows[0]?.blobs));
  await blobs.close();
  assert.equal((await server.command("ledger", "verify"))["verified"], true);
});
