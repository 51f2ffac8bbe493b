import assert from "node:assert/strict";
import { before, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import sharp from "sharp";
import yauzl from "yauzl";
import { systemActor } from "#features/audit/actor.ts";
import { openDetail } from "#features/audit/record.ts";
import { receiveInstance } from "#features/studies/actions.ts";
import { instanceOf } from "#phantoms/record/modules.ts";
import type { Attributes } from "#standards/dicom/build.ts";
import { concat } from "#standards/dicom/concat.ts";
import type { JsonDataSet, JsonElement } from "#standards/dicom/json.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { EXPLICIT_BE } from "#standards/dicom/transfer-syntaxes.ts";
import { dataSetPieces, fileMetaBytes, joinPieces } from "#standards/dicom/write.ts";
import { testDatabase } from "../../../../test/support/database.ts";
import { partsOf } from "../../../../test/support/multipart.ts";
import { anOrganisation } from "../../../../test/support/people.ts";
import { aColleague, anImage, dicomwebOf, type SharingHouse, sharingHouse } from "../../../../test/support/sharing.ts";

/** PS3.18 §10.4 on one study: three slices, one of three frames with large values of every kind, one in big endian. */
const STUDY = "2.25.71";
const SERIES = `/studies/${STUDY}/series/2.25.72`;
const FRAMES = `${SERIES}/instances/2.25.73.2`;
const BIG = `${SERIES}/instances/2.25.73.3`;
const OCTETS = "application/octet-stream";

let house: SharingHouse;
let clinic: string;
let ask: ReturnType<typeof dicomwebOf>;
const files: Uint8Array[] = [];
const size = 16 * 16 * 2;
const pixels = Uint8Array.from({ length: size * 3 }, (_, at) => (at * 31) % 251);
const large = (seed: number): Uint8Array => Uint8Array.from({ length: 1500 }, (_, at) => (at * seed) % 253);
/** Thirty sequences inside one another, a value of 1.5 KB in the innermost. */
const deep = Array.from({ length: 30 }).reduce<Attributes>((inner) => ({ ReferencedImageSequence: [{}, inner] }), {
  "00091010:OB": large(3),
});

before(async () => {
  house = await sharingHouse(await testDatabase());
  clinic = await anOrganisation(house.world);
  ask = dicomwebOf(house, await aColleague(house.world, clinic, ["radiologist"]));
  const { sopClass, attributes } = anImage(16);
  const about = (number: number, more: Attributes): Uint8Array =>
    instanceOf(sopClass, `2.25.73.${number}`, {
      ...{ PatientName: "Nkosi^Ayanda", PatientID: "P1", StudyInstanceUID: STUDY, SeriesInstanceUID: "2.25.72" },
      ...{ Modality: "CT", SeriesNumber: 1, InstanceNumber: number },
      ...attributes,
      ...more,
    }).part10;
  files.push(about(1, {}));
  files.push(
    about(2, {
      ...{ NumberOfFrames: 3, "PixelData:OW": pixels, StructureSetLabel: "of group 3006", ...deep },
      ...{ "00090010": "SAFELIGHT", "00091011:UN": large(5), "60003000:OW": large(7) },
      SourceImageSequence: [{ "00091010:OB": large(11) }, { "00091010:OB": large(13) }],
    }),
  );
  files.push(inBigEndian(about(3, { "00091012:OW": large(17) })));
  for (const bytes of files)
    await receiveInstance(house.world, systemActor(clinic, "test"), {
      bytes: (async function* () {
        yield bytes;
      })(),
      bare: null,
      source: "test",
    });
});

function inBigEndian(file: Uint8Array): Uint8Array {
  const { dataSet } = readPart10(file);
  const meta = {
    sopClassUid: "1.2.840.10008.5.1.4.1.1.2",
    sopInstanceUid: "2.25.73.3",
    transferSyntaxUid: EXPLICIT_BE,
  };
  return concat([fileMetaBytes(meta), joinPieces(dataSetPieces(dataSet, EXPLICIT_BE), file)]);
}

const pathOf = (url: string): string => url.replace("http://localhost/dicomweb", "");

async function metadataOf(path: string): Promise<JsonDataSet> {
  return (await ask(`${path}/metadata`)).json<JsonDataSet[]>()[0] ?? {};
}

test("PS3.18 §F.2.2: attributes come in ascending order, also those whose digits are all decimal", async () => {
  const { body } = await ask(`${FRAMES}/metadata`);
  const top: string[] = [];
  for (let at = 0, depth = 0; at < body.length; at++) {
    if (body[at] === "{") depth += 1;
    if (body[at] === "}") depth -= 1;
    const key = /^"([0-9A-F]{8})":/.exec(body.slice(at, at + 12))?.[1];
    if (key !== undefined && depth === 1) top.push(key);
  }
  assert.ok(top.includes("30060002"), "an attribute of group 3006 is there");
  assert.deepEqual(top, top.toSorted());
});

/** Every element of a data set with the address of its value, at any depth. */
function* addressed(json: JsonDataSet): Generator<JsonElement & { BulkDataURI: string }> {
  for (const element of Object.values(json)) {
    if (element.BulkDataURI !== undefined) yield { ...element, BulkDataURI: element.BulkDataURI };
    if (element.vr === "SQ") for (const item of (element.Value ?? []) as JsonDataSet[]) yield* addressed(item);
  }
}

test("every value of more than 1 KiB has an address that resolves, private, overlay, in items and 30 deep", async () => {
  const found: Buffer[] = [];
  for (const { BulkDataURI } of addressed(await metadataOf(FRAMES))) {
    const answer = await ask(pathOf(BulkDataURI), { accept: OCTETS });
    assert.equal(answer.statusCode, 200, BulkDataURI);
    found.push(answer.rawPayload);
  }
  const expected = [...[3, 5, 7, 11, 13].map(large), pixels].map((bytes) => Buffer.from(bytes).toString("hex"));
  assert.deepEqual(found.map((bytes) => bytes.toString("hex")).sort(), expected.sort());
});

test("RFC 9110 §14: one range of bulk data comes alone, an impossible one is 416, several and a stale one are the whole", async () => {
  const url = `${FRAMES}/bulkdata/7FE00010`;
  const ranged = (range: string, more = {}) => ask(url, { accept: OCTETS, range, ...more });
  const whole = await ask(url, { accept: OCTETS });
  const etag = String(whole.headers["etag"]);
  for (const [range, from, to] of [
    ["bytes=0-0", 0, 1],
    ["bytes=513-1025", 513, 1026],
    ["bytes=1500-", 1500, 1536],
    ["bytes=-7", 1529, 1536],
    ["bytes=1000-99999999", 1000, 1536],
  ] as const) {
    const answer = await ranged(range, { "if-range": etag });
    assert.equal(answer.statusCode, 206, range);
    assert.equal(answer.headers["content-range"], `bytes ${from}-${to - 1}/1536`);
    assert.ok(answer.rawPayload.equals(pixels.subarray(from, to)), range);
  }
  const beyond = await ranged("bytes=1536-");
  assert.deepEqual([beyond.statusCode, beyond.headers["content-range"], beyond.body], [416, "bytes */1536", ""]);
  for (const odd of ["bytes=0-1,4-5", "bytes=9-2", "bytes=-", "lines=1-2"])
    assert.equal((await ranged(odd)).rawPayload.length, 1536, odd);
  assert.equal((await ranged("bytes=0-9", { "if-range": '"another"' })).statusCode, 200);
});

test("bulk data and frames of a big-endian object come little endian, whole and in ranges", async () => {
  const image = anImage(16).attributes["PixelData:OW"] as Uint8Array;
  for (const [path, expected] of [
    [`${BIG}/bulkdata/7FE00010`, image],
    [`${BIG}/bulkdata/00091012`, large(17)],
    [`${BIG}/frames/1`, image],
  ] as const) {
    const answer = await ask(path, { accept: OCTETS });
    assert.ok(answer.rawPayload.equals(expected), path);
  }
  const odd = await ask(`${BIG}/bulkdata/7FE00010`, { accept: OCTETS, range: "bytes=3-10" });
  assert.ok(odd.rawPayload.equals(image.subarray(3, 11)));
});

test("PS3.18 §10.4.1.1.6: frames come in the order asked; one that is not there is 404, one that is no number 400", async () => {
  const answer = await ask(`${FRAMES}/frames/3,1,3`, { accept: `multipart/related; type="${OCTETS}"` });
  const parts = partsOf(String(answer.headers["content-type"]), answer.rawPayload);
  const frame = (number: number) => pixels.subarray((number - 1) * size, number * size);
  assert.deepEqual(
    parts.map(({ body }) => [1, 2, 3].find((number) => body.equals(frame(number)))),
    [3, 1, 3],
  );
  assert.match(String(parts[0]?.headers.get("content-location")), /\/frames\/3$/);
  assert.equal((await ask(`${FRAMES}/frames/4`)).statusCode, 404);
  assert.equal((await ask(`${FRAMES}/frames/1,4`)).statusCode, 404);
  for (const wrong of ["0", "1,", "one", "-1", "1-3"])
    assert.equal((await ask(`${FRAMES}/frames/${wrong}`)).statusCode, 400, wrong);
});

test("the first acceptable form is taken, whatever stands before it; what nobody makes is 406", async () => {
  const accepted = async (path: string, accept: string) => (await ask(path, { accept })).statusCode;
  assert.equal(await accepted(`${FRAMES}/frames/1`, `image/jls, multipart/related; type="${OCTETS}"; q=0.5`), 200);
  assert.equal(await accepted(`${FRAMES}/frames/1`, "image/jls"), 406);
  assert.equal(await accepted(`${FRAMES}/frames/1`, `${OCTETS}; transfer-syntax=1.2.840.10008.1.2.4.90`), 406);
  assert.equal(await accepted(`${FRAMES}/bulkdata/7FE00010`, "image/png"), 406);
  assert.equal(await accepted(FRAMES, "application/pdf"), 406);
  assert.equal(await accepted(FRAMES, "application/pdf, application/dicom;q=0.1"), 200);
  assert.equal(await accepted(`${FRAMES}/metadata`, "application/pdf"), 406);
  assert.equal(await accepted(`${FRAMES}/rendered`, "video/mp4"), 406);
  assert.equal(await accepted(`${FRAMES}/thumbnail`, "text/html"), 406);
  assert.equal((await ask(`${FRAMES}/metadata?accept=application/pdf`, { accept: "*/*" })).statusCode, 406);
});

test("RFC 9110 §13: who has an instance, its metadata, a frame or a value already is told so and gets nothing again", async () => {
  for (const [path, accept] of [
    [FRAMES, "application/dicom"],
    [`${FRAMES}/metadata`, "application/dicom+json"],
    [`${FRAMES}/frames/1`, OCTETS],
    [`${FRAMES}/bulkdata/7FE00010`, OCTETS],
  ] as const) {
    const first = await ask(path, { accept });
    const again = await ask(path, { accept, "if-none-match": `"x", W/${String(first.headers["etag"])}` });
    assert.deepEqual([again.statusCode, again.body], [304, ""], path);
    assert.equal((await ask(path, { accept, "if-none-match": '"x"' })).statusCode, 200, path);
    assert.equal(first.headers["cache-control"], "no-store", "pictures of a person stay in no cache of a browser");
  }
});

test("HEAD answers as GET does, without a body", async () => {
  for (const path of [`/studies/${STUDY}`, FRAMES, `${FRAMES}/metadata`, `${FRAMES}/frames/1`, "/studies"]) {
    const answer = await ask(path, {}, { method: "HEAD" });
    assert.deepEqual([answer.statusCode, answer.body], [200, ""], path);
    assert.equal(
      String(answer.headers["content-type"]).split(";")[0],
      String((await ask(path)).headers["content-type"]).split(";")[0],
    );
  }
});

test("RFC 9110 §12.5.3: metadata and searches are compressed for who takes that", async () => {
  for (const path of [`${FRAMES}/metadata`, "/instances"]) {
    const plain = await ask(path);
    const [br, gzip] = [
      await ask(path, { "accept-encoding": "gzip, br" }),
      await ask(path, { "accept-encoding": "gzip, br;q=0" }),
    ];
    assert.equal(plain.headers["content-encoding"], undefined);
    assert.deepEqual([br.headers["content-encoding"], gzip.headers["content-encoding"]], ["br", "gzip"]);
    assert.equal(brotliDecompressSync(br.rawPayload).toString(), plain.body, path);
    assert.equal(gunzipSync(gzip.rawPayload).toString(), plain.body, path);
    assert.ok(br.rawPayload.length < plain.rawPayload.length / 2);
    assert.match(String(plain.headers["vary"]), /accept-encoding/);
  }
});

test("a study comes in parts, or as a ZIP of the files it was stored as", async () => {
  const answer = await ask(`/studies/${STUDY}`, {
    accept: 'multipart/related; type="application/dicom"; transfer-syntax=*',
  });
  const parts = partsOf(String(answer.headers["content-type"]), answer.rawPayload);
  assert.deepEqual(
    parts.map(({ body }) => body.toString("hex")),
    files.map((file) => Buffer.from(file).toString("hex")),
  );
  const some = await ask(`/studies/${STUDY}`, {
    accept: `multipart/related; type="application/dicom"; transfer-syntax=${EXPLICIT_BE}`,
  });
  assert.deepEqual([some.statusCode, partsOf(String(some.headers["content-type"]), some.rawPayload).length], [206, 1]);
  const zip = await ask(`/studies/${STUDY}`, { accept: "application/zip" });
  assert.deepEqual(await namesIn(zip.rawPayload), ["001/000001.dcm", "001/000002.dcm", "001/000003.dcm"]);
});

test("RFC 6266: files and raw values are kept by a browser, never shown; metadata and pictures are not files", async () => {
  for (const [path, accept, disposition] of [
    [`/studies/${STUDY}`, 'multipart/related; type="application/dicom"', "attachment"],
    [`/studies/${STUDY}`, "application/zip", "attachment"],
    [FRAMES, "application/dicom", "attachment"],
    [`${FRAMES}/bulkdata/7FE00010`, OCTETS, "attachment"],
    [`${FRAMES}/bulkdata/7FE00010`, `multipart/related; type="${OCTETS}"`, "attachment"],
    [`${FRAMES}/metadata`, "application/dicom+json", undefined],
    [`${FRAMES}/rendered`, "image/png", undefined],
  ] as const) {
    const answer = await ask(path, { accept });
    assert.ok(answer.statusCode < 300, `${path} ${accept}`);
    assert.equal(answer.headers["content-disposition"], disposition, `${path} ${accept}`);
  }
});

test("an object with another program's mark in its preamble is kept as sent, and the record names it", async () => {
  const { sopClass, attributes } = anImage(16);
  const uid = "2.25.75";
  for (const [at, begins] of ["", "II*\0", "MZ\x90\0"].entries()) {
    const { part10 } = instanceOf(sopClass, `${uid}.${at}`, {
      ...{ PatientName: "Nkosi^Ayanda", PatientID: "P1", StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.9` },
      ...{ Modality: "CT", ...attributes },
    });
    const sent = Buffer.from(part10);
    sent.write(begins, 0, "latin1");
    await receiveInstance(house.world, systemActor(clinic, "test"), {
      bytes: (async function* () {
        yield sent;
      })(),
      bare: null,
      source: "test",
    });
    const back = await ask(`/studies/${uid}/series/${uid}.9/instances/${uid}.${at}`, { accept: "application/dicom" });
    assert.deepEqual(back.rawPayload, sent);
  }
  const { owner } = house.world.database;
  const { rows: unusual } = await owner.query<{ id: string }>("select id from instance where sop_instance_uid = $1", [
    `${uid}.2`,
  ]);
  assert.deepEqual(
    (await received(uid)).flatMap(({ unusualPreamble }) => unusualPreamble ?? []),
    unusual.map(({ id }) => id),
  );
});

/** What the record keeps, sealed, of what was stored for a study. */
async function received(studyUid: string): Promise<Record<string, unknown>[]> {
  const { database, keyring } = house.world;
  const { rows } = await database.owner.query<{ id: string; sealed: Buffer }>(
    `select e.id, d.sealed from ledger_entry e join ledger_detail d on d.organisation = e.organisation and d.entry = e.id
     join study s on s.organisation = e.organisation and s.id = e.study where e.action = 'instance.receive' and s.study_uid = $1 order by e.id`,
    [studyUid],
  );
  return database.read({ organisation: clinic, person: null }, (tx) =>
    Promise.all(rows.map(({ id, sealed }) => openDetail(tx, keyring, clinic, id, sealed))),
  );
}

function namesIn(zip: Buffer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(zip, { lazyEntries: false }, (error, opened) => {
      if (error) return reject(error);
      const names: string[] = [];
      opened.on("entry", ({ fileName }: { fileName: string }) => names.push(fileName));
      opened.once("end", () => resolve(names));
    });
  });
}

test("PS3.18 §8.3.5: pictures take kind, window, viewport and quality; several come in parts", async () => {
  const about = async (query: string, accept: string) => {
    const { format, width, height } = await sharp(
      (await ask(`${FRAMES}/rendered${query}`, { accept })).rawPayload,
    ).metadata();
    return `${format} ${width}x${height}`;
  };
  assert.equal(await about("", "*/*"), "jpeg 16x16");
  assert.equal(await about("?viewport=32,64", "image/png"), "png 32x32");
  assert.equal(await about("?viewport=8,8,0,0,4,2", "image/gif"), "gif 8x4");
  assert.equal(await about("?viewport=8,8,4,4,-4,4&window=40,400,sigmoid", "image/webp"), "webp 8x8");
  for (const wrong of [
    "viewport=0,1",
    "viewport=8,8,0",
    "viewport=8,8,20,20,4,4",
    "window=1",
    "window=1,0",
    "window=a,b",
    "window=1,2,cubic",
    "quality=0",
    "quality=best",
  ])
    assert.equal((await ask(`${FRAMES}/rendered?${wrong}`)).statusCode, 400, wrong);
  const dark = await sharp((await ask(`${FRAMES}/rendered?window=100000,1,linear`)).rawPayload).stats();
  assert.equal(dark.channels[0]?.max, 0, "everything is below that window");
  for (const [path, count] of [
    [`${FRAMES}/frames/3,1/rendered`, 2],
    [`${FRAMES}/rendered`, 3],
    [`/studies/${STUDY}/rendered`, 5],
  ] as const) {
    const answer = await ask(path, { accept: 'multipart/related; type="image/png"' });
    const parts = partsOf(String(answer.headers["content-type"]), answer.rawPayload);
    assert.equal(parts.length, count, path);
    assert.ok(parts.every(({ headers }) => headers.get("content-type") === "image/png"));
  }
});

for (const path of [`/studies/${STUDY}`, SERIES, FRAMES, `${FRAMES}/frames/2`]) {
  test(`PS3.18 §10.4.1.1.4: ${path} has a thumbnail`, async () => {
    const answer = await ask(`${path}/thumbnail`, { accept: "image/avif,image/webp,*/*;q=0.8" });
    assert.equal(answer.headers["content-type"], "image/jpeg");
    assert.equal((await sharp(answer.rawPayload).metadata()).width, 16);
  });
}

for (const path of [
  "bulkdata/00100010/0",
  "bulkdata/0008114A/7/00091010",
  "bulkdata/zzzz",
  "bulkdata/00082112/2/00091010",
  "bulkdata/..%2f..",
  "frames/4/rendered",
  "frames/9/thumbnail",
]) {
  test(`what is not there is 404: ${path}`, async () => assert.equal((await ask(`${FRAMES}/${path}`)).statusCode, 404));
}
