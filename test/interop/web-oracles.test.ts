import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { EXPLICIT_BE } from "#standards/dicom/transfer-syntaxes.ts";
import { uid } from "#standards/dicom/values.ts";
import { type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";
import { pixelAttributesFromJson } from "#standards/pixels/json.ts";
import { readSamples, type Samples } from "#standards/pixels/native.ts";
import { DATA, filesBelow, nameOf, readData } from "../support/data.ts";
import { run } from "../support/dcmtk.ts";
import { partsOf } from "../support/multipart.ts";
import { TestServer } from "../support/server.ts";
import { askOracle, type Oracle, type OracleFrame, type OracleImage, samplesOf } from "./pixels-oracle.ts";
import { askPydicom, Comparison, digest, type Theirs } from "./pydicom.ts";

/**
 * Acceptance 3, over HTTP: every file that can be filed is stored by STOW-RS; its metadata is compared with pydicom's DICOM JSON
 * attribute by attribute (bulk data fetched from where the metadata says), its frames with what pydicom, DCMTK, GDCM, OpenJPH and
 * libjxl decode.
 */
const NOT_FILED: Readonly<Record<string, string>> = {
  "charset/chrSQEncoding.dcm": "has no SOP Instance UID anywhere: nothing tells it from another object",
  "charset/chrSQEncoding1.dcm": "has no SOP Instance UID anywhere",
  "charset/empty_charset_LEI.dcm": "has no SOP Instance UID anywhere",
  "dicom/pydicom-data/JLSL_RGB_ILV0.dcm": "has no SOP Instance UID anywhere",
  "dicom/pydicom-data/JLSL_RGB_ILV1.dcm": "has no SOP Instance UID anywhere",
  "dicom/misc/GH626.dcm": "a private sequence's length is four bytes short; pydicom loses its pixel data too",
};

/** What no oracle decodes rightly: compared with the same picture in another file instead. */
const SAME_AS: Readonly<Record<string, string>> = {
  "ts-htj2k/CT1_JPH": "wg04/CT1_RLE", // ojph_expand writes negative samples as 0
  "pydicom-small/SC_rgb_small_odd_big_endian.dcm": "pydicom-small/SC_rgb_small_odd.dcm", // pydicom forgets that OW words are swapped
};
/** Frames (from 1) that contradict their attributes: no decoder here shows them. */
const UNDECODABLE = new Map([["sm/multiframe.dcm", 140]]); // the last tiles are 55 pixels wide where Columns says 240

const LOSSY = /^1\.2\.840\.10008\.1\.2\.4\.(50|51|53|55|91|203|111|112)$/;
const PIXEL_DATA = "7FE00010";

type Filed = { name: string; path: string; syntax: string; url: string };

let server: TestServer;
let token = "";
let oracle: Oracle;
const filed: Filed[] = [];
const refused: string[] = [];
const folder = await mkdtemp(join(tmpdir(), "web-oracles-"));

before(async () => {
  server = await TestServer.start();
  token = await server.token(await server.organisation("Clinic"));
  const seen = new Set<string>();
  const waiting: Omit<Filed, "url">[] = [];
  for (const path of [...filesBelow("dicom"), ...filesBelow("charset")].sort(deflatedFirst)) {
    const name = nameOf(path);
    const file = name in NOT_FILED ? undefined : await apart(name, seen);
    if (file === undefined) refused.push(name);
    else waiting.push({ name, ...file });
  }
  await inFours(waiting, async (one) => {
    const url = await store(one);
    if (url === undefined) refused.push(one.name);
    else filed.push({ ...one, url });
  });
  oracle = await askOracle();
});

after(async () => {
  await server.remove();
  await oracle.close();
  await rm(folder, { recursive: true, force: true });
});

/** What is deflated cannot be renamed: it comes first. */
const deflatedFirst = (a: string, b: string): number => Number(/deflate/i.test(b)) - Number(/deflate/i.test(a));

/**
 * Many of the files are one image in several forms under one SOP Instance UID: the first keeps it, in the others its last two
 * characters are others, wherever it stands in the file. The oracles see the same file.
 */
async function apart(name: string, seen: Set<string>): Promise<Pick<Filed, "path" | "syntax"> | undefined> {
  const bytes = readData(name);
  const { dataSet, meta, transferSyntax } = readPart10(bytes);
  const syntax = transferSyntax.uid;
  const own = uid(dataSet, 0x00080018) ?? uid(meta, 0x00020003);
  if (own === undefined) return undefined;
  let other: string = own;
  for (let time = 10; seen.has(other); time++) other = `${own.slice(0, -2)}${time}`;
  seen.add(other);
  if (other === own) return { path: join(DATA, name), syntax };
  const path = join(folder, name.replaceAll("/", "-"));
  const text = Buffer.from(bytes).toString("latin1");
  assert.ok(text.includes(own), `${name} cannot be renamed`);
  await writeFile(path, Buffer.from(text.replaceAll(own, other), "latin1"));
  return { path, syntax };
}

async function store({ path }: Omit<Filed, "url">): Promise<string | undefined> {
  const response = await fetch(`${server.url}/dicomweb/studies`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/dicom" },
    body: await readFile(path),
  });
  const answer = (await response.json()) as { "00081199"?: { Value: [{ "00081190": { Value: [string] } }] } };
  return answer["00081199"]?.Value[0]["00081190"].Value[0];
}

/** Four at a time, as a browser would. */
async function inFours<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  const left = all[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (const one of left) await each(one);
    }),
  );
}

async function get(url: string, accept: string): Promise<Response> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}`, accept } });
  assert.equal(response.status, 200, `${url} answers ${response.status} to ${accept}`);
  return response;
}

const octets = async (url: string): Promise<Uint8Array> =>
  new Uint8Array(await (await get(url, "application/octet-stream")).arrayBuffer());

test("every file that is not listed with a reason is stored", () => {
  assert.deepEqual(refused.sort(), Object.keys(NOT_FILED).sort());
  assert.ok(filed.length >= 475, `${filed.length} files`);
});

/** Big endian is for the wire of the file alone: bulk data is little endian, as DCMTK converts it. */
async function asPydicomIsGiven({ name, path, syntax }: Filed): Promise<string> {
  if (syntax !== EXPLICIT_BE) return path;
  const copy = join(folder, `${name.replaceAll("/", "-")}.little`);
  const { code, output } = await run("dcmconv", ["+te", path, copy]);
  assert.equal(code, 0, output);
  return copy;
}

const fetched = { bulk: 0, nested: 0 };

/** Every binary value of the metadata as its digest, fetched where it is not inline; pixel data in frames is compared elsewhere. */
async function digested(from: Filed, json: JsonDataSet, theirs: Theirs["json"], depth = 0): Promise<void> {
  for (const [tag, element] of Object.entries(json)) {
    const their = theirs[tag];
    if (element.vr === "SQ") {
      const items = (their?.Value ?? []) as Theirs["json"][];
      for (const [at, item] of ((element.Value ?? []) as JsonDataSet[]).entries())
        await digested(from, item, items[at] ?? {}, depth + 1);
    } else if (element.InlineBinary !== undefined) {
      element.BulkDataURI = digest(Buffer.from(element.InlineBinary, "base64"));
    } else if (element.BulkDataURI !== undefined) {
      fetched.bulk += 1;
      if (depth > 0) fetched.nested += 1;
      if (tag === PIXEL_DATA && depth === 0 && their?.BulkDataURI !== undefined && encapsulated.has(from.syntax))
        element.BulkDataURI = their.BulkDataURI;
      else element.BulkDataURI = await digestOf(element.BulkDataURI, their?.BulkDataURI);
    }
  }
}

/** Encapsulated pixel data inside a sequence comes a fragment a part; pydicom sees its items, an offset table of no or one entry first. */
async function digestOf(url: string, theirs: string | undefined): Promise<string> {
  const whole = digest(await octets(url));
  if (whole === theirs) return whole;
  const response = await get(url, 'multipart/related; type="application/octet-stream"');
  const parts = partsOf(response.headers.get("content-type"), Buffer.from(await response.arrayBuffer()));
  const framed = [Buffer.alloc(0), Buffer.alloc(4)].map((table) =>
    digest(Buffer.concat([table, ...parts.map(({ body }) => body)].flatMap((body) => [itemHead(body.length), body]))),
  );
  return framed.find((one) => one === theirs) ?? whole;
}

/** PS3.5 §A.4: (FFFE,E000) and the length of what follows. */
function itemHead(length: number): Buffer {
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(length, 4);
  return head;
}

const encapsulated = { has: (syntax: string) => /^1\.2\.840\.10008\.1\.2\.(4\.|5$|8\.1$)/.test(syntax) };

test("metadata agrees with pydicom's JSON attribute by attribute, bulk data by its digest", async () => {
  const paths = await Promise.all(filed.map(asPydicomIsGiven));
  const answers = askPydicom(paths);
  const comparison = new Comparison();
  await inFours([...filed.entries()], async ([at, one]) => {
    const theirs = answers[at];
    assert.ok(theirs?.error === undefined, `${one.name}: pydicom says ${theirs?.error}`);
    const text = await (await get(`${one.url}/metadata`, "application/dicom+json")).text();
    const tags = [...text.matchAll(/"([0-9A-F]{8})":\{"vr"/g)].map(([, tag]) => tag);
    const [ours] = JSON.parse(text) as [JsonDataSet];
    if (!text.includes('"vr":"SQ"')) assert.deepEqual(tags, tags.toSorted(), `${one.name}: tags in ascending order`);
    await digested(one, ours, theirs?.json ?? {});
    comparison.compare(ours, theirs?.json ?? {}, one.name);
  });
  assert.deepEqual(comparison.unexplained, []);
  assert.deepEqual(comparison.unused, []);
  assert.ok(comparison.attributes > 100_000, `${comparison.attributes} attributes`);
  assert.ok(fetched.bulk > 450 && fetched.nested > 0, `${fetched.bulk} bulk data, ${fetched.nested} of them nested`);
});

test("frames, decoded and as stored, are what pydicom, DCMTK, GDCM, OpenJPH and libjxl make of them", async () => {
  let frames = 0;
  const wrong: string[] = [];
  await inFours(oracle.images, async (image) => {
    const one = filed.find(({ name }) => name === `dicom/${image.path}`);
    if (!one) return; // listed above
    for (const frame of framesOf(image)) {
      try {
        await compareFrame(one, image, frame);
        frames += 1;
      } catch (thrown) {
        wrong.push(`${image.path} frame ${frame.index + 1}: ${(thrown as Error).message}`);
      }
    }
  });
  assert.deepEqual(wrong, []);
  assert.ok(frames > 500, `${frames} frames`);
});

/** An image's frames, with the expectations of its twin where it has one. */
function framesOf(image: OracleImage): OracleFrame[] {
  const twin = oracle.images.find((other) => other.path === SAME_AS[image.path]);
  return image.frames.map((own, at) => ({
    ...(twin?.frames[at] ?? own),
    ...(own.frame === undefined ? {} : { frame: own.frame }),
  }));
}

async function compareFrame(from: Filed, image: OracleImage, frame: OracleFrame): Promise<void> {
  const url = `${from.url}/frames/${frame.index + 1}`;
  if (frame.frame !== undefined) {
    const stored = await get(url, 'multipart/related; type="application/octet-stream"; transfer-syntax=*');
    const [part] = partsOf(stored.headers.get("content-type"), Buffer.from(await stored.arrayBuffer()));
    assert.equal(part?.headers.get("content-type"), `application/octet-stream; transfer-syntax=${image.syntax}`);
    assert.ok(part.body.equals(await oracle.read(frame.frame)), "the stored code stream");
  }
  if (UNDECODABLE.get(image.path) === frame.index + 1) {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: "application/octet-stream" },
    });
    assert.equal(response.status, 400, "a frame that contradicts its attributes is refused");
    return;
  }
  const format = asDelivered(image, frame);
  const samples = readSamples(format, await octets(url));
  const levels = LOSSY.test(image.syntax) ? Math.max(1, Math.floor((2 ** format.bitsStored - 1) / 255)) : 0;
  mustAgree(samples, samplesOf(frame, await oracle.read(frame.expected)), levels);
}

/** What a client knows of decoded frames: the attributes of the metadata, chroma given to each pixel. */
function asDelivered(image: OracleImage, { index }: OracleFrame): PixelFormat {
  const format = readPixelFormat(pixelAttributesFromJson(image.attributes, index + 1));
  const spread = image.pixels === undefined && format.photometricInterpretation === "YBR_FULL_422";
  return spread ? { ...format, photometricInterpretation: "YBR_FULL" } : format;
}

function mustAgree(actual: Samples, expected: Samples, levels: number): void {
  assert.equal(actual.length, expected.length, "number of samples");
  let worst = 0;
  for (let at = 0; at < expected.length; at++)
    worst = Math.max(worst, Math.abs((actual[at] ?? 0) - (expected[at] ?? 0)));
  assert.ok(worst <= levels, `samples differ by up to ${worst}, ${levels} allowed`);
}
