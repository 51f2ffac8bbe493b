import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { concat } from "#standards/dicom/concat.ts";
import type { Element } from "#standards/dicom/data-set.ts";
import { frameCount, frameRanges } from "#standards/dicom/frames.ts";
import { toJson } from "#standards/dicom/json.ts";
import { type ReadResult, readPart10 } from "#standards/dicom/read.ts";
import { filesBelow, nameOf } from "../support/data.ts";
import { askPydicom, Comparison, digest } from "./pydicom.ts";

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
const answers = askPydicom(files);

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
  const comparison = new Comparison();
  for (const { name, theirs, ours, source } of read) {
    const bulkDataUri = (_path: string, element: Element) => digest(valueBytes(element, source) ?? new Uint8Array(0));
    comparison.compare(toJson(ours.dataSet, { bulkThreshold: 0, bulkDataUri }), theirs.json, name);
  }
  assert.deepEqual(comparison.unexplained, []);
  assert.ok(comparison.attributes > 100_000, `${comparison.attributes} attributes compared`);
  assert.deepEqual(comparison.unused, []);
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
