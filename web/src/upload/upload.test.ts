import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { ZipFile } from "yazl";
import { dataSetOf } from "#standards/dicom/build.ts";
import { writePart10 } from "#standards/dicom/write.ts";
import type { Source } from "./gather.ts";
import { filesToSend, type Plan, planOf, studyKey } from "./plan.ts";
import { type Probed, probe } from "./probe.ts";
import { isZip, listZip, openEntry, ZipUnreadable } from "./zip.ts";

const CT = "1.2.840.10008.5.1.4.1.1.2";
const EXPLICIT = "1.2.840.10008.1.2.1";
const DISC = join(import.meta.dirname, "../../../../shared/data/media/pydicom-dicomdirtests");

function file(about: { patient: string; study: string; series: string; instance: string }, pixels = 0): Uint8Array {
  const dataSet = dataSetOf({
    SOPClassUID: CT,
    SOPInstanceUID: about.instance,
    StudyDate: "20261124",
    Modality: "CT",
    PatientName: about.patient,
    PatientID: "448120",
    PatientBirthDate: "19870412",
    StudyInstanceUID: about.study,
    SeriesInstanceUID: about.series,
    ...(pixels > 0 ? { Rows: 1, Columns: 1, BitsAllocated: 8, PixelData: new Uint8Array(pixels) } : {}),
  });
  return writePart10({ sopClassUid: CT, sopInstanceUid: about.instance, transferSyntaxUid: EXPLICIT }, dataSet);
}

const blobOf = (bytes: Uint8Array): Blob => new Blob([bytes as Uint8Array<ArrayBuffer>]);
const sourceOf = (path: string, bytes: Uint8Array): Source => ({
  path,
  size: bytes.length,
  head: async (count) => blobOf(bytes).slice(0, count),
  open: async () => blobOf(bytes),
});
const probeAll = (sources: readonly Source[]): Promise<{ source: Source; probed: Probed }[]> =>
  Promise.all(sources.map(async (source) => ({ source, probed: await probe(source.path, source.head) })));

const HEAD = { patient: "NKOSI^Ayanda", study: "1.2.3", series: "1.2.3.1", instance: "1.2.3.1.1" };

test("a DICOM file is known by its first bytes, however large its pixels are", async () => {
  const bytes = file(HEAD, 5_000_000);
  let asked = 0;
  const probed = await probe("IM0001", async (count) => {
    asked = Math.max(asked, count);
    return blobOf(bytes).slice(0, count);
  });
  assert.equal(probed.is === "instance" && probed.about.patientName, "NKOSI^Ayanda");
  assert.ok(asked <= 65_536, `asked for ${asked} bytes`);
});

test("a document whose content is larger than what is looked at is known all the same", async () => {
  const dataSet = dataSetOf({
    SOPClassUID: "1.2.840.10008.5.1.4.1.1.104.1",
    SOPInstanceUID: "1.2.9",
    Modality: "DOC",
    PatientName: "NKOSI^Ayanda",
    StudyInstanceUID: "1.2.3",
    SeriesInstanceUID: "1.2.3.7",
    EncapsulatedDocument: new Uint8Array(6_000_000),
  });
  const bytes = writePart10(
    { sopClassUid: "1.2.840.10008.5.1.4.1.1.104.1", sopInstanceUid: "1.2.9", transferSyntaxUid: EXPLICIT },
    dataSet,
  );
  const probed = await probe("doc", async (count) => blobOf(bytes).slice(0, count));
  assert.equal(probed.is === "instance" && probed.about.modality, "DOC");
});

for (const path of ["AUTORUN.INF", "VIEWER/start.exe", "readme.txt", "Thumbs.db"])
  test(`${path} beside the images is left out without being read`, async () => {
    const probed = await probe(path, () => assert.fail("was read"));
    assert.equal(probed.is, "ignored");
  });

test("what is no DICOM is left out; what breaks off before its identifiers is left to the server", async () => {
  assert.equal((await probe("photo", async () => new Blob(["not an image at all"]))).is, "ignored");
  const cut = file(HEAD).slice(0, 300);
  assert.equal((await probe("IM1", async () => blobOf(cut))).is, "unreadable");
});

test("files become patients, studies and series; two spellings of a name are two patients to look at", async () => {
  const found = await probeAll([
    sourceOf("a", file(HEAD)),
    sourceOf("b", file({ ...HEAD, instance: "1.2.3.1.2" })),
    sourceOf("c", file({ ...HEAD, series: "1.2.3.2", instance: "1.2.3.2.1" })),
    sourceOf("d", file({ ...HEAD, patient: "NKOSI^A", instance: "1.2.3.1.9" })),
  ]);
  const plan = planOf(found, []);
  const [short, ...others] = plan.patients.map(({ name }) => name);
  assert.equal(short, "NKOSI^A");
  assert.equal(others.length, 1);
  const filesOfSeries = plan.patients.map(({ studies }) =>
    studies.map(({ series }) => series.map(({ files }) => files.length)),
  );
  assert.deepEqual(filesOfSeries[1], [[2, 1]]);
});

test("only the chosen studies are sent, and what only the server can judge goes along", async () => {
  const found = await probeAll([
    sourceOf("a", file(HEAD)),
    sourceOf("b", file({ ...HEAD, patient: "OTHER^P", study: "9", instance: "9.1" })),
    sourceOf("c", file(HEAD).slice(0, 300)),
  ]);
  const plan: Plan = planOf(found, [sourceOf("odd.zip", new Uint8Array(4))]);
  const nkosi = plan.patients.find((patient) => patient.name === HEAD.patient);
  const study = nkosi?.studies[0];
  assert.ok(nkosi && study);
  assert.deepEqual(
    filesToSend(plan, new Set([studyKey(nkosi, study)])).map((source) => source.path),
    ["a", "c", "odd.zip"],
  );
});

test("a disc’s DICOMDIR is read and its missing files are counted (PS3.3 §F)", async () => {
  const paths = readdirSync(DISC, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(DISC, name)).isFile(),
  );
  const directory = paths.find((name) => /(^|\/)DICOMDIR$/.test(name));
  assert.ok(directory, "the sample disc has a DICOMDIR");
  const sources = paths
    .filter((name) => name === directory || !/DICOMDIR/i.test(name))
    .map((name) => sourceOf(relative(".", name), new Uint8Array(readFileSync(join(DISC, name)))));
  const found = await probeAll(sources);
  const index = found.find(({ probed }) => probed.is === "directory");
  assert.ok(index?.probed.is === "directory" && index.probed.files.length > 0);
  const missing = planOf(found, []).missing;
  const without = found.filter(({ probed }) => probed.is !== "instance");
  assert.equal(planOf(without, []).missing, index.probed.files.length);
  assert.ok(missing < index.probed.files.length);
});

async function zipOf(entries: Record<string, Uint8Array>): Promise<Blob> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(entries)) zip.addBuffer(Buffer.from(bytes), name);
  zip.addEmptyDirectory("empty");
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(part as Buffer);
  return blobOf(Buffer.concat(parts));
}

test("a ZIP lists its files without its folders, and each comes out as it went in", async () => {
  const zip = await zipOf({ "DICOM/IM1": file(HEAD), "läsmich.txt": new TextEncoder().encode("hello") });
  assert.ok(await isZip(zip));
  const entries = await listZip(zip);
  assert.deepEqual(
    entries.map((entry) => entry.name),
    ["DICOM/IM1", "läsmich.txt"],
  );
  for (const entry of entries) assert.equal((await openEntry(zip, entry)).size, entry.size);
  const [first] = entries;
  assert.ok(first);
  assert.deepEqual(new Uint8Array(await (await openEntry(zip, first)).arrayBuffer()), file(HEAD));
  assert.equal((await openEntry(zip, first, 100)).size, 100);
});

test("an entry that inflates to more than it declared is cut at what it declared", async () => {
  const bomb = deflateRawSync(Buffer.alloc(10_000_000));
  const zip = await zipOf({ x: Buffer.alloc(1000) });
  const [entry] = await listZip(zip);
  assert.ok(entry);
  const swollen = new Blob([zip.slice(0, entry.headerAt + 31), bomb]);
  const opened = await openEntry(swollen, { ...entry, packed: bomb.length, method: 8 });
  assert.equal(opened.size, 1000);
});

test("a ZIP cut at any place is refused or listed, never more", async () => {
  const zip = await zipOf({ a: new Uint8Array(50), b: new Uint8Array(50) });
  for (let size = 0; size < zip.size; size += 7)
    await listZip(zip.slice(0, size)).then(
      (entries) => assert.ok(entries.length <= 2),
      (thrown: unknown) => assert.ok(thrown instanceof ZipUnreadable || thrown instanceof RangeError, String(thrown)),
    );
});

test("offsets that lead outside the archive are refused", async () => {
  const zip = await zipOf({ a: new Uint8Array(50) });
  const [entry] = await listZip(zip);
  assert.ok(entry);
  await assert.rejects(openEntry(zip, { ...entry, headerAt: 2 ** 40 }), ZipUnreadable);
  await assert.rejects(openEntry(zip, { ...entry, method: 99 }), ZipUnreadable);
});
