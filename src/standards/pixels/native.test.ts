import assert from "node:assert/strict";
import { test } from "node:test";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { nativeFrameRange, readPixelFormat } from "#standards/pixels/format.ts";
import { cutNativeFrame, readSamples, swapBytes } from "#standards/pixels/native.ts";

const BASE: PixelAttributes = {
  rows: 1,
  columns: 4,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  photometricInterpretation: "MONOCHROME2",
};
const read = (attributes: Partial<PixelAttributes>, bytes: number[] | Uint8Array) =>
  Array.from(readSamples(readPixelFormat({ ...BASE, ...attributes }), Uint8Array.from(bytes)));
const COLOUR = { samplesPerPixel: 3, bitsAllocated: 8, photometricInterpretation: "RGB" } as const;

test("bits outside Bits Stored are overlays or rubbish and do not count", () => {
  assert.deepEqual(
    read({ bitsStored: 12, highBit: 11 }, [0x34, 0xf2, 0xff, 0x0f, 0, 0x10, 1, 0xa0]),
    [0x234, 0xfff, 0, 1],
  );
});

test("signs are extended from High Bit", () => {
  assert.deepEqual(
    read({ bitsStored: 12, highBit: 11, pixelRepresentation: 1 }, [0xff, 0x0f, 0, 0x08, 0xff, 0x07, 0xff, 0xf7]),
    [-1, -2048, 2047, 2047],
  );
});

test("pixels may stand in the upper bits", () => {
  assert.deepEqual(
    read({ bitsStored: 12, highBit: 15 }, [0x0f, 0x00, 0x10, 0x00, 0, 0x10, 0xff, 0xff]),
    [0, 1, 0x100, 0xfff],
  );
});

test("one-bit pixels come lowest bit first, PS3.5 §8.1.1", () => {
  assert.deepEqual(read({ rows: 2, columns: 5, bitsAllocated: 1 }, [0b10000101, 0b01]), [1, 0, 1, 0, 0, 0, 0, 1, 1, 0]);
});

test("planes are interleaved", () => {
  assert.deepEqual(
    read({ ...COLOUR, columns: 2, planarConfiguration: 1 }, [1, 2, 10, 20, 100, 200]),
    [1, 10, 100, 2, 20, 200],
  );
});

test("4:2:2 gives each pair of pixels its shared chroma", () => {
  assert.deepEqual(
    read({ ...COLOUR, photometricInterpretation: "YBR_FULL_422", columns: 2 }, [9, 8, 1, 2]),
    [9, 1, 2, 8, 1, 2],
  );
});

test("32-bit, float and double pixels are read as such, at any alignment", () => {
  const bytes = new Uint8Array(41);
  const view = new DataView(bytes.buffer, 1);
  view.setUint32(0, 4_000_000_000, true);
  assert.deepEqual(
    readSamples(readPixelFormat({ ...BASE, columns: 1, bitsAllocated: 32 }), bytes.subarray(1))[0],
    4_000_000_000,
  );
  view.setFloat32(0, -1.5, true);
  assert.equal(
    readSamples(readPixelFormat({ ...BASE, columns: 1, bitsAllocated: 32, pixels: "float" }), bytes.subarray(1))[0],
    -1.5,
  );
  view.setFloat64(0, Math.PI, true);
  assert.equal(
    readSamples(readPixelFormat({ ...BASE, columns: 1, bitsAllocated: 64, pixels: "double" }), bytes.subarray(1))[0],
    Math.PI,
  );
});

test("Rows × Columns that promise more than the frame holds are malformed", () => {
  assert.throws(() => read({ rows: 2 }, new Uint8Array(15)), { code: "dicom.malformed", place: /Rows/ });
});

test("swapping bytes leaves the original as it was, even a Buffer", () => {
  const original = Buffer.from([1, 2, 3, 4, 5]);
  assert.deepEqual([...swapBytes(original, 2)], [2, 1, 4, 3, 5]);
  assert.deepEqual([...swapBytes(original, 4)], [4, 3, 2, 1, 5]);
  assert.deepEqual([...original], [1, 2, 3, 4, 5]);
});

test("whatever frame is cut out of packed one-bit pixels begins with its first pixel", () => {
  const format = readPixelFormat({ ...BASE, rows: 1, columns: 3, bitsAllocated: 1 });
  const packed = Uint8Array.from([0b01_101_010, 0b0_011_110_1]); // 010 101 101 110 011, lowest bit first
  const frames = [0, 1, 2, 3, 4].map((index) => {
    const range = nativeFrameRange(format, index);
    return readSamples(
      format,
      cutNativeFrame(format, packed.subarray(range.offset, range.offset + range.length), range),
    ).join("");
  });
  assert.deepEqual(frames, ["010", "101", "101", "011", "110"]);
});

test("big-endian words are swapped before a frame is cut out of their middle", () => {
  const format = readPixelFormat({ ...BASE, columns: 3, bitsAllocated: 8 });
  const words = Uint8Array.from([2, 1, 4, 3, 6, 5]);
  const range = nativeFrameRange(format, 1, 2);
  assert.deepEqual(
    [...cutNativeFrame(format, words.subarray(range.offset, range.offset + range.length), range, 2)],
    [4, 5, 6],
  );
});
