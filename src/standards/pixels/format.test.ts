import assert from "node:assert/strict";
import { test } from "node:test";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { frameBytes, nativeFrameRange, readPixelFormat } from "#standards/pixels/format.ts";

const CT: PixelAttributes = {
  rows: 512,
  columns: 512,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  pixelRepresentation: 1,
  photometricInterpretation: "MONOCHROME2",
};
const COLOUR: PixelAttributes = {
  ...CT,
  samplesPerPixel: 3,
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  pixelRepresentation: 0,
  photometricInterpretation: "RGB",
};

test("what is missing takes its only sensible value", () => {
  const { rows, columns, samplesPerPixel, photometricInterpretation } = CT;
  const format = readPixelFormat({ rows, columns, samplesPerPixel, bitsAllocated: 16, photometricInterpretation });
  assert.deepEqual(
    [format.bitsStored, format.highBit, format.pixelRepresentation, format.planarConfiguration, format.pixels],
    [16, 15, 0, 0, "integer"],
  );
});

const WRONG: [string, PixelAttributes, string, string][] = [
  ["no rows", { ...CT, rows: 0 }, "dicom.malformed", "(0028,0010) Rows"],
  ["half a row", { ...CT, rows: 1.5 }, "dicom.malformed", "(0028,0010) Rows"],
  ["rows past 16 bits", { ...CT, rows: 65536 }, "dicom.malformed", "(0028,0010) Rows"],
  ["negative columns", { ...CT, columns: -1 }, "dicom.malformed", "(0028,0011) Columns"],
  ["columns that are no number", { ...CT, columns: Number.NaN }, "dicom.malformed", "(0028,0011) Columns"],
  ["13 bits allocated", { ...CT, bitsAllocated: 13 }, "dicom.malformed", "(0028,0100) Bits Allocated"],
  ["more bits stored than allocated", { ...CT, bitsStored: 17 }, "dicom.malformed", "(0028,0101) Bits Stored"],
  ["a high bit below the stored ones", { ...CT, highBit: 10 }, "dicom.malformed", "(0028,0102) High Bit"],
  ["a high bit outside", { ...CT, highBit: 16 }, "dicom.malformed", "(0028,0102) High Bit"],
  ["a third sign", { ...CT, pixelRepresentation: 2 }, "dicom.malformed", "(0028,0103) Pixel Representation"],
  ["a third plane order", { ...COLOUR, planarConfiguration: 2 }, "dicom.malformed", "(0028,0006) Planar Configuration"],
  ["grey with three samples", { ...CT, samplesPerPixel: 3 }, "dicom.malformed", "(0028,0002) Samples per Pixel"],
  ["four samples", { ...COLOUR, samplesPerPixel: 4 }, "dicom.undecodable", "(0028,0002) Samples per Pixel"],
  [
    "an unknown colour space",
    { ...COLOUR, photometricInterpretation: "HSV" },
    "dicom.undecodable",
    "(0028,0004) Photometric Interpretation",
  ],
  ["float pixels of 16 bits", { ...CT, pixels: "float" }, "dicom.malformed", "(0028,0100) Bits Allocated"],
  [
    "4 GiB in one frame",
    { ...CT, rows: 65535, columns: 65535 },
    "input.too-large",
    "(0028,0010) Rows × (0028,0011) Columns",
  ],
];
for (const [what, attributes, code, place] of WRONG) {
  test(`${what}: ${code} at ${place}`, () => assert.throws(() => readPixelFormat(attributes), { code, place }));
}

test("one-bit frames follow each other without a gap, PS3.5 §8.1.1", () => {
  const format = readPixelFormat({
    ...CT,
    rows: 3,
    columns: 5,
    bitsAllocated: 1,
    bitsStored: 1,
    highBit: 0,
    pixelRepresentation: 0,
  });
  assert.equal(frameBytes(format), 2);
  assert.deepEqual(nativeFrameRange(format, 0), { offset: 0, length: 2, skipBits: 0 });
  assert.deepEqual(nativeFrameRange(format, 1), { offset: 1, length: 3, skipBits: 7 });
  assert.deepEqual(nativeFrameRange(format, 8), { offset: 15, length: 2, skipBits: 0 });
});

test("a frame of odd length that begins within a word is cut with the whole word around it", () => {
  const format = readPixelFormat({ ...COLOUR, rows: 3, columns: 3 });
  assert.deepEqual(nativeFrameRange(format, 0, 2), { offset: 0, length: 28, skipBits: 0 });
  assert.deepEqual(nativeFrameRange(format, 1, 2), { offset: 26, length: 28, skipBits: 8 });
});

test("YBR_FULL_422 has two samples per pixel", () => {
  assert.equal(
    frameBytes(readPixelFormat({ ...COLOUR, rows: 2, columns: 6, photometricInterpretation: "YBR_FULL_422" })),
    24,
  );
});

test("a frame number past any file is refused, not wrapped", () => {
  assert.throws(() => nativeFrameRange(readPixelFormat(CT), 2 ** 40), { code: "dicom.malformed" });
});
