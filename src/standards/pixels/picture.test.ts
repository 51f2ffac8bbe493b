import assert from "node:assert/strict";
import { test } from "node:test";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { readPixelFormat } from "#standards/pixels/format.ts";
import type { Samples } from "#standards/pixels/native.ts";
import { type Choice, toPicture, voiOf } from "#standards/pixels/picture.ts";

const GREY: PixelAttributes = {
  rows: 1,
  columns: 5,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  bitsStored: 12,
  photometricInterpretation: "MONOCHROME2",
};
const COLOUR: PixelAttributes = {
  rows: 1,
  columns: 1,
  samplesPerPixel: 3,
  bitsAllocated: 8,
  photometricInterpretation: "RGB",
};

function drawn(attributes: PixelAttributes, samples: Samples, choice?: Choice): number[] {
  return [...toPicture(readPixelFormat(attributes), attributes, samples, choice).data];
}

test("rescale, then window: Hounsfield units through a soft-tissue window", () => {
  const attributes = { ...GREY, rescaleSlope: 1, rescaleIntercept: -1024, windows: [{ center: 40, width: 400 }] };
  assert.deepEqual(drawn(attributes, Uint16Array.of(0, 864, 1064, 1263, 4095)), [0, 0, 128, 255, 255]);
});

test("the viewer's window comes before the data set's", () => {
  const attributes = { ...GREY, windows: [{ center: 40, width: 400 }] };
  assert.deepEqual(
    drawn(attributes, Uint16Array.of(0, 1000, 2000, 3000, 4000), { window: { center: 2000, width: 1 } }),
    [0, 0, 255, 255, 255],
  );
});

test("a window of width 0, as some devices write, is passed over for the next one", () => {
  const attributes = {
    ...GREY,
    windows: [
      { center: 0, width: 0 },
      { center: 2000, width: 1 },
    ],
  };
  assert.deepEqual(drawn(attributes, Uint16Array.of(0, 1000, 2000, 3000, 4000)), [0, 0, 255, 255, 255]);
});

test("MONOCHROME1 and INVERSE show low values white, and inversion turns that round", () => {
  const samples = Uint16Array.of(0, 1, 2, 3, 4095);
  const window = { center: 2048, width: 4096 };
  for (const attributes of [
    { ...GREY, photometricInterpretation: "MONOCHROME1" },
    { ...GREY, presentationShape: "INVERSE" },
    { ...GREY, photometricInterpretation: "MONOCHROME1", presentationShape: "INVERSE" },
  ]) {
    assert.deepEqual(drawn(attributes, samples, { window }).slice(3), [255, 0]);
    assert.deepEqual(drawn(attributes, samples, { window, invert: true }).slice(3), [0, 255]);
  }
});

test("a modality LUT takes the place of rescale, a VOI LUT that of a window", () => {
  const modalityLut = { first: 0, bits: 8, values: Uint16Array.of(9, 5, 0) };
  const voiLut = { first: 0, bits: 10, values: Uint16Array.from({ length: 10 }, (_, at) => at * 113.6) };
  assert.deepEqual(
    drawn({ ...GREY, modalityLut, voiLut, rescaleSlope: 99 }, Uint16Array.of(0, 1, 2, 3, 4)),
    [255, 142, 0, 0, 0],
  );
});

test("an image is shown by its first usable window, else its table, else by what its values suggest", () => {
  const voiLut = { first: -5, bits: 8, values: Uint16Array.of(0, 1, 2) };
  const windows = [
    { center: 0, width: 0 },
    { center: 9, width: 4 },
  ];
  const asked = (attributes: PixelAttributes) =>
    voiOf(readPixelFormat(attributes), attributes, Uint16Array.of(0, 10, 10, 10, 20), (stored) => stored);
  assert.deepEqual(asked({ ...GREY, windows, voiLut, voiFunction: "SIGMOID" }), {
    window: { center: 9, width: 4 },
    how: "SIGMOID",
  });
  assert.deepEqual(asked({ ...GREY, voiLut }), {
    window: { center: -4, width: 2 },
    how: "LINEAR_EXACT",
    table: voiLut,
  });
  assert.deepEqual(asked(GREY), { window: { center: 10, width: 20 }, how: "LINEAR_EXACT" });
});

test("without any window, deep pixels spread over their values and padding is left out", () => {
  const attributes = { ...GREY, bitsStored: 16, pixelRepresentation: 1, pixelPadding: -2000 };
  assert.deepEqual(drawn(attributes, Int16Array.of(-2000, 0, 500, 750, 1000)), [0, 0, 128, 191, 255]);
});

test("padding of signed pixels that is written unsigned is left out all the same", () => {
  const attributes = { ...GREY, bitsStored: 16, pixelRepresentation: 1, pixelPadding: 63536 };
  assert.deepEqual(drawn(attributes, Int16Array.of(-2000, 0, 500, 750, 1000)), [0, 0, 128, 191, 255]);
});

test("without any window, eight-bit pixels stay as they are", () => {
  const attributes = { ...GREY, bitsAllocated: 8, bitsStored: 8 };
  assert.deepEqual(drawn(attributes, Uint8Array.of(0, 1, 100, 200, 255)), [0, 1, 100, 200, 255]);
});

test("floating-point pixels are shown; what is no number is black", () => {
  const attributes: PixelAttributes = { ...GREY, bitsAllocated: 32, bitsStored: undefined, pixels: "float" };
  assert.deepEqual(
    drawn(attributes, Float32Array.of(Number.NaN, 0, 0.25, 1, Number.POSITIVE_INFINITY)),
    [0, 0, 64, 255, 255],
  );
});

test("an image of one value is a picture all the same", () => {
  assert.equal(drawn(GREY, new Uint16Array(5).fill(7)).length, 5);
});

test("YBR_FULL turns into RGB as in PS3.3 §C.7.6.3.1.2, and grey stays grey", () => {
  const ybr = { ...COLOUR, photometricInterpretation: "YBR_FULL" };
  assert.deepEqual(drawn(ybr, Uint8Array.of(76, 85, 255)), [254, 0, 0]);
  assert.deepEqual(drawn(ybr, Uint8Array.of(99, 128, 128)), [99, 99, 99]);
});

test("YBR_PARTIAL_422 runs from 16 to 235", () => {
  const ybr = { ...COLOUR, photometricInterpretation: "YBR_PARTIAL_422" };
  assert.deepEqual(
    [drawn(ybr, Uint8Array.of(16, 128, 128)), drawn(ybr, Uint8Array.of(235, 128, 128))],
    [
      [0, 0, 0],
      [255, 255, 255],
    ],
  );
});

test("deep colours are scaled to eight bits", () => {
  assert.deepEqual(
    drawn({ ...COLOUR, bitsAllocated: 16, bitsStored: 12 }, Uint16Array.of(0, 4095, 2048)),
    [0, 255, 128],
  );
});

test("palettes of 16 bits give their upper half; those that say 16 and mean 8 are believed", () => {
  const attributes: PixelAttributes = { ...GREY, columns: 2, photometricInterpretation: "PALETTE COLOR" };
  const deep = { first: 0, bits: 16, values: Uint16Array.of(0x1200, 0xff00) };
  const shallow = { first: 0, bits: 16, values: Uint16Array.of(0x12, 0xff) };
  for (const lut of [deep, shallow]) {
    assert.deepEqual(
      drawn({ ...attributes, palette: { red: lut, green: lut, blue: lut } }, Uint16Array.of(0, 9)),
      [0x12, 0x12, 0x12, 0xff, 0xff, 0xff],
    );
  }
});

test("a palette image without its palette is malformed, not grey", () => {
  assert.throws(() => drawn({ ...GREY, photometricInterpretation: "PALETTE COLOR" }, new Uint16Array(5)), {
    code: "dicom.malformed",
  });
});

test("colours that only their codec knows are refused", () => {
  assert.throws(() => drawn({ ...COLOUR, photometricInterpretation: "YBR_RCT" }, new Uint8Array(3)), {
    code: "dicom.undecodable",
  });
});
