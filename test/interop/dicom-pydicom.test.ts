import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { concat } from "#standards/dicom/concat.ts";
import type { Element } from "#standards/dicom/data-set.ts";
import { frameCount, frameRanges } from "#standards/dicom/frames.ts";
import { type JsonDataSet, type JsonElement, toJson } from "#standards/dicom/json.ts";
import { type ReadResult, readPart10 } from "#standards/dicom/read.ts";
import { isPrivate } from "#standards/dicom/tag.ts";
import { filesBelow, nameOf } from "../support/data.ts";

/** What `dicom-pydicom.py` says of a file. */
type Theirs = {
  path: string;
  error?: string;
  json: { [tag: string]: TheirElement };
  frames: null | { digests?: string[]; count?: number; error?: string };
};
type TheirElement = { vr: string; Value?: unknown[]; InlineBinary?: string; BulkDataURI?: string; error?: string };

/** Where we differ from pydicom 2.3.1 and why. A difference that no row explains fails; so does a row that explains nothing. */
const DIFFERENCES: {
  because: string;
  explains: (tag: number, ours?: JsonElement, theirs?: TheirElement) => boolean;
}[] = [
  {
    because: "PS3.18 §F.2.2: group lengths are not part of the JSON model; pydicom keeps them",
    explains: (tag, ours, theirs) => ours === undefined && theirs !== undefined && (tag & 0xffff) === 0,
  },
  {
    because:
      "private attributes in implicit VR or UN have no VR on the wire; pydicom guesses from a list of makers, we say UN",
    explains: (tag, ours, theirs) =>
      isPrivate(tag) && ours?.vr === "UN" && theirs?.error === undefined && theirs?.vr !== "UN",
  },
  {
    because: "PS3.5 §6.2: spaces around a value of CS mean nothing; pydicom keeps those before a backslash",
    explains: (_tag, ours, theirs) =>
      ours?.vr === "CS" &&
      same(
        ours.Value,
        theirs?.Value?.map((value) => (typeof value === "string" ? value.trimEnd() : value)),
      ),
  },
  {
    because: "a 64-bit integer beyond 2^53 is a string, so that it stays exact (PS3.18 table F.2.3-1)",
    explains: (_tag, ours, theirs) => ours?.vr === "UV" && same(ours.Value?.map(Number), theirs?.Value),
  },
  {
    because: "a DS that is no number: pydicom gives up on the attribute, we keep its text",
    explains: (_tag, ours, theirs) =>
      ours?.vr === "DS" && /could not convert string to float/.test(theirs?.error ?? ""),
  },
];

const PYDICOM_CANNOT_READ: Record<string, string> = {
  "dicom/pydicom-data/JLSL_RGB_ILV0.dcm": "has no preamble",
  "dicom/pydicom-data/JLSL_RGB_ILV1.dcm": "has no preamble",
};
const WE_DO_NOT_READ: Record<string, string> = {
  "dicom/misc/GH626.dcm":
    "a sequence length is four bytes short; pydicom reads on in the wrong place and finds no pixel data",
};
const NO_FRAMES: Record<string, string> = {
  "dicom/dose-sr/PX-Im-NewTom_Go.dcm": "its pixel data is empty",
};

const digest = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** An absent Value, an empty one and one of empty strings or names say the same; so do absent and empty groups of names. */
function plain(value: unknown): unknown {
  if (value === "" || value === undefined) return null;
  if (Array.isArray(value)) {
    const inner = value.map(plain);
    return inner.every((one) => one === null) && inner.length <= 1 ? null : inner;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) =>
    plain(inner) === null ? [] : [[key, plain(inner)] as const],
  );
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
const same = (ours: unknown, theirs: unknown) => JSON.stringify(plain(ours)) === JSON.stringify(plain(theirs));

const said = (value: unknown) => JSON.stringify(value ?? null);
const used = new Set<string>();
let attributes = 0;

function compare(ours: JsonDataSet, theirs: Theirs["json"], where: string, unexplained: string[]): void {
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [our, their] = [ours[key], theirs[key]];
    const place = `${where}/${key}`;
    attributes += 1;
    if (our?.vr === "SQ" && their?.vr === "SQ") {
      const [ourItems, theirItems] = [(our.Value ?? []) as JsonDataSet[], (their.Value ?? []) as Theirs["json"][]];
      if (ourItems.length !== theirItems.length)
        unexplained.push(`${place}: ${ourItems.length} and ${theirItems.length} items`);
      for (const [at, item] of ourItems.entries()) compare(item, theirItems[at] ?? {}, `${place}/${at}`, unexplained);
      continue;
    }
    if (our !== undefined && their !== undefined && their.error === undefined && our.vr === their.vr) {
      if (same(our.Value, their.Value) && our.BulkDataURI === their.BulkDataURI) continue;
    }
    const tag = Number.parseInt(key, 16);
    const row = DIFFERENCES.find(({ explains }) => explains(tag, our, their));
    if (row === undefined) unexplained.push(`${place}: ${said(our).slice(0, 200)} and ${said(their).slice(0, 200)}`);
    else used.add(row.because);
  }
}

/** The bytes of an element as pydicom sees them: of an encapsulated one without its delimiter. */
function valueBytes(element: Element, source: Uint8Array): Uint8Array | undefined {
  if (element.is === "value") return element.bytes;
  if (element.is === "range") return source.subarray(element.offset, element.offset + element.length);
  return element.is === "fragments" ? source.subarray(element.offset, element.offset + element.length - 8) : undefined;
}

function digestsOfFrames({ frameIndex }: ReadResult, source: Uint8Array): string[] {
  return Array.from({ length: frameCount(frameIndex) }, (_, frame) => {
    const { ranges = [] } = frameRanges(frameIndex, frame) ?? {};
    return digest(concat(ranges.map(({ offset, length }) => source.subarray(offset, offset + length))));
  });
}

const files = [...filesBelow("dicom"), ...filesBelow("charset")];
const script = join(import.meta.dirname, "dicom-pydicom.py");
const python = spawnSync("/usr/bin/python3", [script], {
  input: files.join("\n"),
  maxBuffer: 1024 ** 3,
  encoding: "utf8",
});
assert.equal(python.status, 0, `pydicom is needed (apt install python3-pydicom python3-numpy): ${python.stderr}`);
const answers = python.stdout
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Theirs);

const read = answers.flatMap((theirs) => {
  const name = nameOf(theirs.path);
  if (name in PYDICOM_CANNOT_READ || name in WE_DO_NOT_READ) return [];
  const file = new Uint8Array(readFileSync(theirs.path));
  const ours = readPart10(file);
  const source = ours.inflated ? new Uint8Array(inflateRawSync(file.subarray(ours.dataSetOffset))) : file;
  return [{ name, theirs, ours, source }];
});

test("pydicom and we read the same files, but for those listed with a reason", () => {
  const theyCannot = answers.filter(({ error }) => error !== undefined).map(({ path }) => nameOf(path));
  assert.deepEqual(theyCannot.sort(), Object.keys(PYDICOM_CANNOT_READ).sort());
  assert.equal(answers.length, files.length);
  assert.ok(read.length > 475, `${read.length} files are read by both`);
});

test("our DICOM JSON agrees with pydicom's attribute by attribute, but for the differences listed with a reason", () => {
  const unexplained: string[] = [];
  for (const { name, theirs, ours, source } of read) {
    const bulkDataUri = (_path: string, element: Element) => digest(valueBytes(element, source) ?? new Uint8Array(0));
    compare(toJson(ours.dataSet, { bulkThreshold: 0, bulkDataUri }), theirs.json, name, unexplained);
  }
  assert.deepEqual(unexplained, []);
  assert.ok(attributes > 100_000, `${attributes} attributes compared`);
  assert.deepEqual(
    DIFFERENCES.map(({ because }) => because).filter((because) => !used.has(because)),
    [],
  );
});

test("our frames are pydicom's frames, byte for byte", () => {
  let compared = 0;
  for (const { name, theirs, ours, source } of read) {
    if (theirs.frames === null) {
      assert.equal(frameCount(ours.frameIndex), 0, name);
      continue;
    }
    if (name in NO_FRAMES) {
      assert.equal(ours.frameIndex.is, "none", name);
      continue;
    }
    if (theirs.frames.digests === undefined) assert.equal(frameCount(ours.frameIndex), theirs.frames.count, name);
    else assert.deepEqual(digestsOfFrames(ours, source), theirs.frames.digests, name);
    compared += frameCount(ours.frameIndex);
  }
  assert.ok(compared > 1000, `${compared} frames compared`);
});
