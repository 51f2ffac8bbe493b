import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import { type PixelFormat, readPixelFormat } from "#standards/pixels/format.ts";
import { decodeRle } from "#standards/pixels/rle.ts";

const format = (bits: 8 | 16 | 32, samplesPerPixel: 1 | 3, rows: number, columns: number): PixelFormat =>
  readPixelFormat({
    rows,
    columns,
    samplesPerPixel,
    bitsAllocated: bits,
    photometricInterpretation: samplesPerPixel === 1 ? "MONOCHROME2" : "RGB",
  });

function frameOf(segments: number[][], count = segments.length): Uint8Array {
  const header = new DataView(new ArrayBuffer(64));
  header.setUint32(0, count, true);
  let at = 64;
  for (const [index, segment] of segments.entries()) {
    header.setUint32(4 + index * 4, at, true);
    at += segment.length;
  }
  return Uint8Array.from([...new Uint8Array(header.buffer), ...segments.flat()]);
}

/** PS3.5 §G.3.1 without runs of two. */
function packBits(bytes: number[]): number[] {
  const packed: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let run = 1;
    while (run < 128 && bytes[at + run] === bytes[at]) run++;
    packed.push(...(run > 2 ? [257 - run, bytes[at] ?? 0] : [0, bytes[at] ?? 0]));
    at += run > 2 ? run : 1;
  }
  return packed;
}

test("literal runs, replicate runs and the byte that does nothing, PS3.5 §G.3.2", () => {
  const segment = [2, 10, 11, 12, 128, 254, 7, 0, 9];
  assert.deepEqual([...decodeRle(format(8, 1, 1, 7), frameOf([segment]))], [10, 11, 12, 7, 7, 7, 9]);
});

test("segments are bytes of samples, most significant first", () => {
  const segments = [
    [1, 0x12, 0x56],
    [1, 0x34, 0x78],
  ];
  assert.deepEqual([...decodeRle(format(16, 1, 1, 2), frameOf(segments))], [0x34, 0x12, 0x78, 0x56]);
});

test("whatever is packed unpacks to the same, for every depth and number of samples", () => {
  const shape = fc.record({
    bits: fc.constantFrom(8, 16, 32) as fc.Arbitrary<8 | 16 | 32>,
    samples: fc.constantFrom(1, 3) as fc.Arbitrary<1 | 3>,
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 1, max: 300 }),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(shape, fc.array(fc.constantFrom(0, 0, 0, 1, 255)), ({ bits, samples, rows, columns }, noise) => {
      const size = (bits / 8) * samples;
      const native = Array.from(
        { length: rows * columns * size },
        (_, at) => noise[at % Math.max(1, noise.length)] ?? 0,
      );
      const segments = Array.from({ length: size }, (_, index) => {
        const offset = Math.floor(index / (bits / 8)) * (bits / 8) + (bits / 8 - 1 - (index % (bits / 8)));
        return packBits(native.filter((_, at) => at % size === offset));
      });
      assert.deepEqual([...decodeRle(format(bits, samples, rows, columns), frameOf(segments))], native);
    }),
  );
});

const one = format(8, 1, 2, 2);
const WRONG: [string, Uint8Array][] = [
  ["nothing", new Uint8Array()],
  ["half a header", frameOf([[3, 1, 2, 3, 4]]).subarray(0, 40)],
  ["no segments", frameOf([], 0)],
  ["sixteen segments", frameOf([[3, 1, 2, 3, 4]], 16)],
  [
    "two segments where one is due",
    frameOf([
      [3, 1, 2, 3, 4],
      [3, 1, 2, 3, 4],
    ]),
  ],
  ["a literal run cut short", frameOf([[3, 1, 2]])],
  ["a replicate run without its byte", frameOf([[253]])],
  ["too few pixels", frameOf([[1, 1, 2]])],
  ["an offset into the header", frameOf([[3, 1, 2, 3, 4]]).with(4, 8)],
  ["an offset past the end", frameOf([[3, 1, 2, 3, 4]]).with(6, 255)],
];
for (const [what, frame] of WRONG) {
  test(`${what}: dicom.malformed`, () => assert.throws(() => decodeRle(one, frame), { code: "dicom.malformed" }));
}

test("any bytes are pixels or a Fault, and never more pixels than the format has", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.equal(decodeRle(one, bytes).length, 4);
      } catch (fault) {
        assert.ok(fault instanceof Fault);
      }
    }),
  );
});
