import assert from "node:assert/strict";
import { test } from "node:test";
import { asDescribed } from "./described.ts";
import { readPixelFormat } from "./format.ts";
import { readSamples } from "./native.ts";

const format = (bits: 8 | 16, samplesPerPixel: 1 | 3, planarConfiguration: 0 | 1, bitsStored: number = bits) =>
  readPixelFormat({
    rows: 2,
    columns: 3,
    samplesPerPixel,
    planarConfiguration,
    bitsAllocated: bits,
    bitsStored,
    photometricInterpretation: samplesPerPixel === 3 ? "RGB" : "MONOCHROME2",
  });

for (const bits of [8, 16] as const) {
  for (const [asked, had] of [
    [0, 1],
    [1, 0],
    [0, 0],
    [1, 1],
  ] as const) {
    test(`${bits}-bit colours that were decoded with planar configuration ${had} read the same as ${asked}`, () => {
      const pixels = Uint8Array.from({ length: (2 * 3 * 3 * bits) / 8 }, (_, at) => at * 7);
      const arranged = asDescribed(format(bits, 3, asked), pixels, format(bits, 3, had));
      assert.deepEqual(readSamples(format(bits, 3, asked), arranged), readSamples(format(bits, 3, had), pixels));
    });
  }
}

test("PS3.5 §8.1.1: pixels that a codec gave as bytes are packed from the lowest bit on where Bits Allocated is 1", () => {
  const one = readPixelFormat({
    rows: 3,
    columns: 3,
    samplesPerPixel: 1,
    bitsAllocated: 1,
    bitsStored: 1,
    photometricInterpretation: "MONOCHROME2",
  });
  const bytes = Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 1, 1);
  const bits = asDescribed(one, bytes, { ...one, bitsAllocated: 8 });
  assert.deepEqual(bits, Uint8Array.of(0b1000_1001, 1));
  assert.deepEqual(readSamples(one, bits), bytes);
});

test("what a lossy stream overshoots Bits Stored by is held at the largest value, so that nothing bright turns dark", () => {
  const pixels = new Uint8Array(Uint16Array.of(0, 1023, 1024, 1027, 512, 4095).buffer);
  const kept = asDescribed(format(16, 1, 0, 10), pixels, format(16, 1, 0, 12));
  assert.deepEqual(readSamples(format(16, 1, 0, 10), kept), Uint16Array.of(0, 1023, 1023, 1023, 512, 1023));
  assert.deepEqual(pixels.at(-1), 0x0f, "the decoder's own pixels stay");
});
