import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openAssociation } from "#platform/dicom/client.ts";
import type { JsonDataSet, JsonElement } from "#standards/dicom/json.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { uid } from "#standards/dicom/values.ts";
import { readData } from "../support/data.ts";
import { partsOf } from "../support/multipart.ts";
import { type Orthanc, startOrthanc } from "../support/orthanc.ts";
import { type DeviceFiles, TestServer } from "../support/server.ts";
import { askPydicom } from "./pydicom.ts";

/**
 * Orthanc as a peer: it sends to us by C-STORE, plain and over TLS with a client certificate, and by STOW-RS; it asks by QIDO-RS and
 * retrieves by WADO-RS; our SCU sends to it. What arrives is the data set that was sent.
 */
const SAMPLE = [
  "charset/chrArab.dcm",
  "charset/chrGerm.dcm",
  "charset/chrH31.dcm",
  "charset/chrH32.dcm",
  "charset/chrI2.dcm",
  "charset/chrKoreanMulti.dcm",
  "charset/chrRuss.dcm",
  "charset/chrX1.dcm",
  "charset/chrX2.dcm",
  "dicom/enhanced/eCT_Supplemental.dcm",
  "dicom/sr/reportsi.dcm",
  "dicom/rt/rtdose.dcm",
  "dicom/seg/liver.dcm",
  "dicom/us/OBXXXX1A_rle_2frame.dcm",
  "dicom/pydicom-small/MR_small.dcm",
  "dicom/wg04/CT1_RLE",
  "dicom/wg04/CT1_J2KR",
  "dicom/wg04/MR1_JLSL",
];
type Sample = {
  name: string;
  bytes: Uint8Array;
  sopClass: string;
  sopInstance: string;
  study: string;
  syntax: string;
  dataSet: Uint8Array;
};
const samples: Sample[] = SAMPLE.map((name) => {
  const bytes = readData(name);
  const { dataSet, meta, transferSyntax, dataSetOffset } = readPart10(bytes);
  return {
    name,
    bytes,
    sopClass: uid(dataSet, 0x00080016) ?? uid(meta, 0x00020002) ?? "",
    sopInstance: uid(dataSet, 0x00080018) ?? "",
    study: uid(dataSet, 0x0020000d) ?? "",
    syntax: transferSyntax.uid,
    dataSet: bytes.subarray(dataSetOffset),
  };
});

type Clinic = { token: string; device?: DeviceFiles };
const folder = await mkdtemp(join(tmpdir(), "orthanc-test-"));
let [server, orthanc]: [TestServer, Orthanc] = [] as never;
const clinics: Record<"plain" | "tls" | "stow", Clinic> = {} as never;
const ids = new Map<string, string>();

before(async () => {
  server = await TestServer.start({ SAFELIGHT_DICOM_PORT: "0" });
  for (const which of ["plain", "tls", "stow"] as const) {
    const organisation = await server.organisation(`Clinic ${which}`);
    clinics[which] = { token: await server.token(organisation) };
    if (which === "plain") await server.device(organisation, "ORTHANC", "--plain");
    if (which === "tls") clinics.tls.device = await server.device(organisation, "ORTHTLS");
  }
  const device = clinics.tls.device;
  assert.ok(device);
  const to = (port: number | null, more: object) => ({ AET: "SAFELIGHT", Host: "localhost", Port: port, ...more });
  const web = (more: object) => ({
    Url: `${server.url}/dicomweb/`,
    HttpHeaders: { Authorization: `Bearer ${clinics.stow.token}` },
    ...more,
  });
  orthanc = await startOrthanc({
    DicomModalities: {
      plain: to(server.ports.dicom, { UseDicomTls: false }),
      tls: to(server.ports.dicomTls, { UseDicomTls: true, LocalAet: "ORTHTLS" }),
    },
    DicomTlsEnabled: false,
    DicomTlsCertificate: device.cert,
    DicomTlsPrivateKey: device.key,
    DicomTlsTrustedCertificates: device.ca,
    DicomWeb: {
      Enable: true,
      Root: "/dicom-web/",
      StudiesMetadata: "Full",
      SeriesMetadata: "Full",
      Servers: {
        chunked: web({ ChunkedTransfers: true, HasWadoRsUniversalTransferSyntax: true }),
        whole: web({ ChunkedTransfers: false, HasWadoRsUniversalTransferSyntax: false }),
      },
    },
  });
  await loadIntoOrthanc();
});

after(async () => {
  await orthanc.stop();
  await server.remove();
  await rm(folder, { recursive: true, force: true });
});

async function loadIntoOrthanc(): Promise<void> {
  for (const { name, bytes } of samples) {
    const { ID } = (await (await orthanc.ask("POST", "/instances", bytes)).json()) as { ID: string };
    ids.set(name, ID);
  }
}

async function urlOf({ token }: Clinic, sopInstance: string, name: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const found = await fetch(`${server.url}/dicomweb/instances?SOPInstanceUID=${sopInstance}`, { headers });
  assert.equal(found.status, 200, `${name} is not here`);
  const [row] = (await found.json()) as [{ "00081190": { Value: [string] } }];
  return row["00081190"].Value[0];
}

async function ours(clinic: Clinic, { sopInstance, name }: Sample): Promise<Uint8Array> {
  const headers = { authorization: `Bearer ${clinic.token}`, accept: "application/dicom; transfer-syntax=*" };
  const file = await fetch(await urlOf(clinic, sopInstance, name), { headers });
  assert.equal(file.status, 200, name);
  return new Uint8Array(await file.arrayBuffer());
}

/** The same data sets in pydicom's eyes, values and pixels: lengths and paddings are the sender's own. */
async function sameDataSets(pairs: readonly { name: string; sent: Uint8Array; arrived: Uint8Array }[]): Promise<void> {
  const files: string[] = [];
  for (const [at, { sent, arrived }] of pairs.entries()) {
    for (const [which, bytes] of [["sent", sent] as const, ["arrived", arrived] as const]) {
      files.push(join(folder, `${at}-${which}`));
      await writeFile(files.at(-1) ?? "", bytes);
    }
  }
  const answers = askPydicom(files);
  for (const [at, { name }] of pairs.entries()) {
    const [sent, arrived] = [answers[at * 2], answers[at * 2 + 1]];
    assert.deepEqual(withoutLengths(arrived?.json), withoutLengths(sent?.json), name);
    assert.deepEqual(arrived?.frames, sent?.frames, name);
    assert.ok(Object.keys(sent?.json ?? {}).length > 5, name);
  }
}

/** Group lengths and trailing padding (FFFC,FFFC) are the sender's business (PS3.5 §7.2, PS3.10 §7.2). */
const withoutLengths = (json: object = {}): object =>
  Object.fromEntries(Object.entries(json).filter(([tag]) => !tag.endsWith("0000") && tag !== "FFFCFFFC"));

for (const which of ["plain", "tls"] as const) {
  test(`Orthanc is answered and stores by C-STORE, ${which}: what arrives is what it sent`, async () => {
    await orthanc.ask("POST", `/modalities/${which}/echo`, {});
    await orthanc.ask("POST", `/modalities/${which}/store`, { Resources: [...ids.values()], Synchronous: true });
    const pairs = [];
    for (const sample of samples)
      pairs.push({ name: sample.name, sent: sample.bytes, arrived: await ours(clinics[which], sample) });
    await sameDataSets(pairs);
  });
}

test("Orthanc without the device's certificate is refused", async () => {
  await orthanc.ask("PUT", "/modalities/stranger", {
    AET: "SAFELIGHT",
    Host: "localhost",
    Port: server.ports.dicomTls,
    UseDicomTls: false,
  });
  await assert.rejects(orthanc.ask("POST", "/modalities/stranger/echo", {}), /Orthanc answers/);
});

for (const which of ["chunked", "whole"] as const) {
  test(`Orthanc's DICOMweb client stores by STOW-RS, ${which}: the files are here byte for byte`, async () => {
    const half = samples.filter((_, at) => at % 2 === (which === "chunked" ? 0 : 1));
    const Resources = half.map(({ name }) => ids.get(name));
    await orthanc.ask("POST", `/dicom-web/servers/${which}/stow`, { Resources, Synchronous: true });
    for (const sample of half) assert.deepEqual(await ours(clinics.stow, sample), sample.bytes, sample.name);
  });
}

test("Orthanc's DICOMweb client searches here by QIDO-RS, at every level and with wildcards", async () => {
  const ask = async (Uri: string, Arguments: object): Promise<JsonDataSet[]> =>
    (await (await orthanc.ask("POST", "/dicom-web/servers/chunked/qido", { Uri, Arguments })).json()) as JsonDataSet[];
  const [ct] = samples.filter(({ name }) => name === "dicom/wg04/CT1_RLE");
  assert.ok(ct);
  const studies = await ask("/studies", { StudyInstanceUID: ct.study });
  assert.equal(studies.length, 1);
  const series = await ask(`/studies/${ct.study}/series`, { Modality: "C*" });
  assert.ok(series.length >= 1);
  const instances = await ask("/instances", { SOPInstanceUID: ct.sopInstance });
  assert.equal(instances.length, 1);
  assert.match(JSON.stringify(instances), new RegExp(ct.sopInstance.replaceAll(".", "\\.")));
});

/** Where Orthanc's own DICOMweb server says something else of the same file, and why. */
const OTHERWISE: { because: string; explains: (tag: string, ours?: JsonElement, theirs?: JsonElement) => boolean }[] = [
  {
    because:
      "Orthanc rewrites all text to UTF-8 and names that set; ours stays what it was in the source (PS3.18 §F.2.2)",
    explains: (tag) => tag === "00080005",
  },
  {
    because: "ISO 2022 IR 13 with IR 87: Orthanc reads the ideographic and phonetic groups as one-byte characters",
    explains: (_tag, ours, theirs) => ours?.vr === "PN" && /\$d\$\^/.test(JSON.stringify(theirs)),
  },
  {
    because: "Orthanc writes an empty group of a name, we leave it out",
    explains: (_tag, ours, theirs) =>
      ours?.vr === "PN" && JSON.stringify(ours.Value) === JSON.stringify(theirs?.Value).replace(',"Phonetic":""', ""),
  },
  {
    because: "Orthanc gives no address for encapsulated pixel data",
    explains: (tag, ours, theirs) => tag === "7FE00010" && ours?.BulkDataURI !== undefined && theirs === undefined,
  },
];

function differences(ours: JsonDataSet, theirs: JsonDataSet, where: string): string[] {
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((tag) => {
    const [our, their] = [ours[tag], theirs[tag]];
    if (our?.vr === "SQ" && their?.vr === "SQ") {
      const [mine, yours] = [(our.Value ?? []) as JsonDataSet[], (their.Value ?? []) as JsonDataSet[]];
      if (mine.length !== yours.length) return [`${where}/${tag}: ${mine.length} and ${yours.length} items`];
      return mine.flatMap((item, at) => differences(item, yours[at] ?? {}, `${where}/${tag}/${at}`));
    }
    const same = our?.vr === their?.vr && JSON.stringify(said(our)) === JSON.stringify(said(their));
    if (same || OTHERWISE.some(({ explains }) => explains(tag, our, their))) return [];
    return [
      `${where}/${tag}: ${JSON.stringify(our ?? null).slice(0, 120)} and ${JSON.stringify(their ?? null).slice(0, 120)}`,
    ];
  });
}

/** Binary values stand behind addresses of their own; that there is one is what can be compared. */
const said = (element: JsonElement | undefined): unknown =>
  element?.BulkDataURI !== undefined || element?.InlineBinary !== undefined ? "binary" : (element?.Value ?? []);

/** Orthanc turns colours into RGB on the way and has no JPEG 2000: the rest can be compared sample by sample. */
const GREY = ["dicom/rt/rtdose.dcm", "dicom/pydicom-small/MR_small.dcm", "dicom/wg04/CT1_RLE", "dicom/wg04/MR1_JLSL"];

test("Orthanc's own DICOMweb server says the same of these files: attributes and frames", async () => {
  const headers = { authorization: `Bearer ${clinics.stow.token}` };
  const found: string[] = [];
  for (const { name, sopInstance } of samples) {
    const url = await urlOf(clinics.stow, sopInstance, name);
    const path = `/dicom-web${url.slice(url.indexOf("/studies/"))}`;
    const [ours] = (await (await fetch(`${url}/metadata`, { headers })).json()) as [JsonDataSet];
    const [theirs] = (await (await orthanc.ask("GET", `${path}/metadata`)).json()) as [JsonDataSet];
    found.push(...differences(ours, theirs, name));
    if (GREY.includes(name)) {
      const frame = await fetch(`${url}/frames/1`, { headers: { ...headers, accept: OCTETS } });
      const answer = await fetch(`${orthanc.url}${path}/frames/1`, { headers: { accept: OCTETS } });
      assert.equal(answer.status, 200, name);
      assert.deepEqual((await bodyOf(frame)).equals(await bodyOf(answer)), true, `${name}: the same pixels`);
    }
  }
  assert.deepEqual(found, []);
});

const OCTETS = 'multipart/related; type="application/octet-stream"';

async function bodyOf(response: Response): Promise<Buffer> {
  const [part] = partsOf(response.headers.get("content-type"), Buffer.from(await response.arrayBuffer()));
  assert.ok(part && part.body.length >= 400);
  return part.body;
}

test("Orthanc's DICOMweb client retrieves from here by WADO-RS: its files are the ones that were stored", async () => {
  const all = (await (await orthanc.ask("GET", "/studies")).json()) as string[];
  for (const study of all) await orthanc.ask("DELETE", `/studies/${study}`);
  assert.deepEqual(await (await orthanc.ask("GET", "/instances")).json(), []);
  for (const which of ["chunked", "whole"] as const) {
    const half = samples.filter((_, at) => at % 2 === (which === "chunked" ? 0 : 1));
    const Resources = [...new Set(half.map(({ study }) => study))].map((Study) => ({ Study }));
    await orthanc.ask("POST", `/dicom-web/servers/${which}/retrieve`, { Resources, Synchronous: true });
  }
  const here = (await (await orthanc.ask("GET", "/instances")).json()) as string[];
  assert.equal(here.length, samples.length);
  for (const { name, bytes } of samples) {
    const file = await orthanc.ask("GET", `/instances/${ids.get(name)}/file`);
    assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes, name);
  }
});

test("our C-STORE SCU stores to Orthanc: it holds the data sets that were sent", async () => {
  const all = (await (await orthanc.ask("GET", "/studies")).json()) as string[];
  for (const study of all) await orthanc.ask("DELETE", `/studies/${study}`);
  const pairs = [...new Set(samples.map(({ sopClass, syntax }) => `${sopClass} ${syntax}`))];
  const contexts = pairs.map((pair) => {
    const [abstractSyntax = "", transferSyntax = ""] = pair.split(" ");
    return { abstractSyntax, transferSyntaxes: [transferSyntax] };
  });
  const association = await openAssociation({
    host: "127.0.0.1",
    port: orthanc.dicom,
    callingAe: "SAFELIGHT",
    calledAe: "ORTHANC",
    contexts,
  });
  for (const { sopClass, sopInstance, syntax, dataSet, name } of samples) {
    const result = await association.store({ sopClass, sopInstance, transferSyntax: syntax, dataSet });
    assert.equal(result.status, 0, name);
  }
  await association.release();
  const stored = [];
  for (const { name, bytes } of samples) {
    const file = await orthanc.ask("GET", `/instances/${ids.get(name)}/file`);
    stored.push({ name, sent: bytes, arrived: new Uint8Array(await file.arrayBuffer()) });
  }
  await sameDataSets(stored);
});
