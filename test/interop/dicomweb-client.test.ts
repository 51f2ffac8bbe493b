import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { readPart10 } from "#standards/dicom/read.ts";
import { uid } from "#standards/dicom/values.ts";
import { Person } from "../e2e/support/browser.ts";
import { DATA } from "../support/data.ts";
import { openForeignPage } from "../support/foreign-page.ts";
import { TestServer } from "../support/server.ts";

/**
 * dicomweb-client, the library under OHIF and others, in a real browser on a page of another origin: what it asks is answered as it
 * reads it. A page whose origin is not listed gets nothing, whatever it brings.
 */

const LOADER = join(
  import.meta.dirname,
  "../../node_modules/@cornerstonejs/dicom-image-loader/dist/esm/imageLoader/wadors/loadImage.js",
);
const OCTETS = "application/octet-stream";
const FRAMES = [
  { file: "wg04/CT1_J2KR", type: "image/jp2", syntax: "1.2.840.10008.1.2.4.90" },
  { file: "wg04/CT1_JLSL", type: "image/jls", syntax: "1.2.840.10008.1.2.4.80" },
  { file: "wg04/CT1_JLSL", type: "image/x-jls", syntax: "1.2.840.10008.1.2.4.80" },
  { file: "wg04/CT1_JPLL", type: "image/jpeg", syntax: "1.2.840.10008.1.2.4.70" },
  { file: "wg04/CT1_RLE", type: "image/x-dicom-rle", syntax: "1.2.840.10008.1.2.5" },
  { file: "ts-htj2k/CT1_JPH", type: "image/jhc", syntax: "1.2.840.10008.1.2.4.202" },
] as const;

type Instance = { studyInstanceUID: string; seriesInstanceUID: string; sopInstanceUID: string; bytes: Buffer };
type Answer = { json: unknown; buffers: Buffer[]; error: string | null };

let server: TestServer;
let listed: Awaited<ReturnType<typeof openForeignPage>>;
let unlisted: Awaited<ReturnType<typeof openForeignPage>>;
let viewer: Person;

before(async () => {
  [listed, unlisted] = [await openForeignPage(), await openForeignPage()];
  server = await TestServer.start({ SAFELIGHT_CORS_ORIGINS: listed.origin });
  viewer = await Person.at(listed.origin);
  await viewer.page.goto("/");
});

after(async () => {
  await server.remove();
  listed.close();
  unlisted.close();
});

let clinics = 0;

/** A clinic with these files in it, and a token of it. */
async function clinicWith(...names: string[]): Promise<{ token: string; instances: Instance[] }> {
  const token = await server.token(await server.organisation(`Clinic ${++clinics}`));
  const instances: Instance[] = [];
  for (const name of names) {
    const bytes = await readFile(join(DATA, "dicom", name));
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/dicom" };
    assert.equal((await fetch(`${server.url}/dicomweb/studies`, { method: "POST", headers, body: bytes })).status, 200);
    const { dataSet } = readPart10(bytes);
    const of = (tag: number): string => uid(dataSet, tag) ?? "";
    instances.push({
      studyInstanceUID: of(0x0020000d),
      seriesInstanceUID: of(0x0020000e),
      sopInstanceUID: of(0x00080018),
      bytes,
    });
  }
  return { token, instances };
}

/** Calls one method of dicomweb-client on that person's page. */
async function ask(token: string, method: string, options: object = {}, person = viewer): Promise<Answer> {
  const { bytes: _, ...plain } = options as { bytes?: Buffer };
  const answer = await person.page.evaluate(
    async ({ url, bearer, call, given }) => {
      type Client = Record<string, (options: object) => Promise<unknown>>;
      const { DICOMwebClient } = globalThis as unknown as {
        DICOMwebClient: { api: { DICOMwebClient: new (options: object) => Client } };
      };
      const client = new DICOMwebClient.api.DICOMwebClient({
        url,
        headers: { Authorization: `Bearer ${bearer}` },
        verbose: false,
      });
      try {
        const result = await client[call]?.(given);
        const buffers = [result].flat().filter((one): one is ArrayBuffer => one instanceof ArrayBuffer);
        const texts = buffers.map((buffer) => {
          let text = "";
          for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
          return btoa(text);
        });
        return { json: buffers.length > 0 ? null : result, texts, error: null };
      } catch (thrown) {
        return { json: null, texts: [], error: String((thrown as { status?: number }).status ?? thrown) };
      }
    },
    { url: `${server.url}/dicomweb`, bearer: token, call: method, given: plain },
  );
  return { json: answer.json, buffers: answer.texts.map((text) => Buffer.from(text, "base64")), error: answer.error };
}

const first = <T>(values: readonly T[]): T => {
  const [value] = values;
  assert.ok(value);
  return value;
};
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** PS3.5 annex A.4: the fragments of an instance of one frame, joined; its offset table is left out. */
function fragmentsOf(bytes: Buffer): Buffer {
  let at = bytes.lastIndexOf(Buffer.from("0000ffffffff" + "feff00e0", "hex")) + 6; // behind its VR and undefined length
  const fragments: Buffer[] = [];
  while (bytes.readUInt32BE(at) === 0xfeff00e0) {
    const length = bytes.readUInt32LE(at + 4);
    fragments.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(fragments.slice(1));
}

/** Pixel data as GDCM decodes it. */
async function decodedByOthers(name: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "decoded-"));
  try {
    await promisify(execFile)("gdcmconv", ["--raw", join(DATA, "dicom", name), join(folder, "raw")]);
    return await readFile(join(folder, "raw"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("searches at every level, found and not found", async () => {
  const { token, instances } = await clinicWith("wg04/CT1_J2KR");
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = first(instances);
  const uidsIn = (answer: Answer, tag: string) =>
    (answer.json as Record<string, { Value: [string] }>[]).map((row) => row[tag]?.Value[0]);
  const queryParams = { limit: 10, offset: 0, includefield: "00081030,00080060", StudyInstanceUID: studyInstanceUID };
  assert.deepEqual(uidsIn(await ask(token, "searchForStudies", { queryParams }), "0020000D"), [studyInstanceUID]);
  assert.deepEqual(uidsIn(await ask(token, "searchForSeries", { studyInstanceUID }), "0020000E"), [seriesInstanceUID]);
  assert.deepEqual(uidsIn(await ask(token, "searchForSeries"), "0020000E"), [seriesInstanceUID]);
  for (const scope of [{}, { studyInstanceUID }, { studyInstanceUID, seriesInstanceUID }])
    assert.deepEqual(uidsIn(await ask(token, "searchForInstances", scope), "00080018"), [sopInstanceUID]);
  assert.deepEqual((await ask(token, "searchForStudies", { queryParams: { PatientID: "nobody" } })).json, []);
});

test("metadata at every level is the data set of the instance", async () => {
  const { token, instances } = await clinicWith("wg04/CT1_JLSL");
  const one = first(instances);
  for (const level of ["Study", "Series", "Instance"]) {
    const { json } = await ask(token, `retrieve${level}Metadata`, one);
    const row = ([json].flat() as Record<string, { Value: unknown[] }>[])[0];
    assert.deepEqual([row?.["00080018"]?.Value, row?.["00280010"]?.Value], [[one.sopInstanceUID], [512]], level);
  }
});

test("instances come back byte for byte at every level, and one that the library stores is stored", async () => {
  const { token, instances } = await clinicWith("wg04/CT1_JPLL");
  const one = first(instances);
  for (const method of ["retrieveStudy", "retrieveSeries", "retrieveInstance"]) {
    const { buffers, error } = await ask(token, method, one);
    assert.equal(error, null, method);
    assert.equal(digest(first(buffers)), digest(one.bytes), method);
  }
  const { token: another } = await clinicWith();
  const text = one.bytes.toString("base64");
  const status = await viewer.page.evaluate(
    async ({ url, bearer, base64 }) => {
      const { DICOMwebClient } = globalThis as unknown as {
        DICOMwebClient: {
          api: { DICOMwebClient: new (options: object) => { storeInstances(o: object): Promise<unknown> } };
        };
      };
      const client = new DICOMwebClient.api.DICOMwebClient({ url, headers: { Authorization: `Bearer ${bearer}` } });
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      return client.storeInstances({ datasets: [bytes.buffer] }).then(
        () => "stored",
        (thrown: { status?: number }) => `refused with ${thrown.status}`,
      );
    },
    { url: `${server.url}/dicomweb`, bearer: another, base64: text },
  );
  assert.equal(status, "stored");
  assert.equal(digest(first((await ask(another, "retrieveInstance", one)).buffers)), digest(one.bytes));
});

test("frames come as stored in every spelling of their media type, and decoded when nothing is asked", async () => {
  for (const { file, type, syntax } of FRAMES) {
    const { token, instances } = await clinicWith(file);
    const one = first(instances);
    const frame = async (mediaTypes?: object[]) => {
      const { buffers, error } = await ask(token, "retrieveInstanceFrames", {
        ...one,
        frameNumbers: [1],
        ...(mediaTypes === undefined ? {} : { mediaTypes }),
      });
      assert.equal(error, null, `${file} as ${JSON.stringify(mediaTypes)}`);
      return first(buffers);
    };
    const stored = digest(fragmentsOf(one.bytes));
    const asStored = { mediaType: type, transferSyntaxUID: syntax };
    const spellings = [
      ...(type === "image/jhc" ? [] : [[asStored]]), // which this library knows only beside another one
      [asStored, { mediaType: OCTETS, transferSyntaxUID: "1.2.840.10008.1.2.1" }],
      [{ mediaType: OCTETS, transferSyntaxUID: "*" }],
    ];
    for (const spelling of spellings)
      assert.equal(digest(await frame(spelling)), stored, `${file}: ${JSON.stringify(spelling)}`);
    const native = await frame();
    assert.equal(native.length, 512 * 512 * 2, file);
    if (!file.includes("JPH")) assert.ok((await decodedByOthers(file)).includes(native), `${file}: decoded otherwise`);
  }
});

test("Cornerstone's image loader gets the stored frame by the Accept header that stands in its source", async () => {
  const accept = /const mediaType = '([^']+)'/.exec(await readFile(LOADER, "utf8"))?.[1];
  assert.ok(accept);
  const { token, instances } = await clinicWith("wg04/CT1_J2KR");
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID, bytes } = first(instances);
  const path = `studies/${studyInstanceUID}/series/${seriesInstanceUID}/instances/${sopInstanceUID}/frames/1`;
  for (const header of [accept, accept.replace(/=([^;"]+)/g, '="$1"')]) {
    const response = await fetch(`${server.url}/dicomweb/${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: header },
    });
    const body = Buffer.from(await response.arrayBuffer());
    assert.equal(response.status, 200, header);
    const [start, end] = [body.indexOf("\r\n\r\n") + 4, body.lastIndexOf("\r\n--")];
    assert.match(body.subarray(0, start).toString("latin1"), /transfer-syntax=1\.2\.840\.10008\.1\.2\.4\.90\r\n/);
    assert.equal(digest(body.subarray(start, end)), digest(fragmentsOf(bytes)), header);
  }
});

test("pictures and thumbnails", async () => {
  const { token, instances } = await clinicWith("us/OBXXXX1A_rle_2frame.dcm");
  const one = { ...first(instances), frameNumbers: [2] };
  const picture = async (method: string, options: object = {}) => {
    const { buffers, error } = await ask(token, method, { ...one, ...options });
    assert.equal(error, null, method);
    return first(buffers).subarray(0, 4).toString("hex");
  };
  const [JPEG, PNG] = [/^ffd8ff/, /^89504e47/];
  assert.match(await picture("retrieveInstanceRendered", { mediaTypes: [{ mediaType: "image/png" }] }), PNG);
  assert.match(await picture("retrieveInstanceFramesRendered", { mediaTypes: [{ mediaType: "image/jpeg" }] }), JPEG);
  assert.match(await picture("retrieveInstanceThumbnail"), JPEG);
  assert.match(await picture("retrieveInstanceFramesThumbnail", { queryParams: { viewport: "100,100" } }), JPEG);
});

test("bulk data comes by the address that the metadata gave, whole and in part", async () => {
  const { token, instances } = await clinicWith("encapsulated/pdf.dcm");
  const one = first(instances);
  const { json } = await ask(token, "retrieveInstanceMetadata", one);
  const [document] = [json].flat() as [Record<string, { BulkDataURI?: string }>];
  const BulkDataURI = document["00420011"]?.BulkDataURI;
  assert.ok(BulkDataURI);
  const whole = first((await ask(token, "retrieveBulkData", { BulkDataURI })).buffers);
  assert.match(whole.subarray(0, 5).toString(), /%PDF-/);
  assert.ok(one.bytes.includes(whole));
  const part = first((await ask(token, "retrieveBulkData", { BulkDataURI, byteRange: [0, 99] })).buffers);
  assert.ok(part.equals(whole.subarray(0, 100)) || part.equals(whole), "neither the part nor the whole");
});

test("an unknown study is refused in a way the page can read", async () => {
  const { token } = await clinicWith();
  viewer.expect(/404/);
  assert.equal((await ask(token, "retrieveStudyMetadata", { studyInstanceUID: "1.2.3" })).error, "404");
});

test("a page whose origin is not listed gets nothing, with a token or without, whatever it asks", async () => {
  const { token, instances } = await clinicWith("wg04/CT1_RLE");
  const stranger = await Person.at(unlisted.origin);
  await stranger.page.goto("/");
  stranger.expect(/CORS policy|Failed to load resource/);
  assert.equal((await ask(token, "searchForStudies", {}, stranger)).error, "0");
  assert.equal((await ask(token, "retrieveInstance", first(instances), stranger)).error, "0");
  for (const init of [{}, { credentials: "include" as const }, { method: "OPTIONS" }]) {
    const outcome = await stranger.page.evaluate(
      ({ url, options }) =>
        fetch(url, options).then(
          (answer) => `read ${answer.status}`,
          () => "nothing",
        ),
      { url: `${server.url}/dicomweb/studies`, options: init },
    );
    assert.equal(outcome, "nothing");
  }
  await stranger.leave();
});

test("nor does a listed page with cookies instead of a token, nor anything beside DICOMweb", async () => {
  viewer.expect(/CORS policy|Failed to load resource/);
  const read = (path: string, options: object) =>
    viewer.page.evaluate(
      ({ url, init }) =>
        fetch(url, init).then(
          (answer) => `read ${answer.status}`,
          () => "nothing",
        ),
      { url: `${server.url}${path}`, init: options },
    );
  assert.equal(await read("/dicomweb/studies", { credentials: "include" }), "nothing");
  assert.equal(await read("/dicomweb/studies", {}), "read 401");
  for (const path of ["/api/session", "/healthz", "/"]) assert.equal(await read(path, {}), "nothing", path);
  await viewer.leave();
});
