import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import { checkHeader, readJpeg2000Header, readJpegHeader } from "#standards/pixels/codestream.ts";
import { readPixelFormat } from "#standards/pixels/format.ts";
import { readJpegXlHeader } from "#standards/pixels/jpegxl.ts";

const u16 = (value: number) => [value >> 8, value & 255];
const u32 = (value: number) => [...u16(Math.floor(value / 65536)), ...u16(value % 65536)];
const segment = (marker: number, body: number[]) => [0xff, marker, ...u16(body.length + 2), ...body];
const sof = (marker: number, height: number, width: number, ids: number[] = [1], precision = 8) =>
  segment(marker, [precision, ...u16(height), ...u16(width), ids.length, ...ids.flatMap((id) => [id, 0x11, 0])]);
const jpeg = (...parts: number[][]) => Uint8Array.from([0xff, 0xd8, ...parts.flat()]);
const ADOBE = (transform: number) => segment(0xee, [...Buffer.from("Adobe"), 0, 100, 0, 0, 0, 0, transform]);
const JFIF = segment(0xe0, [...Buffer.from("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0]);

test("a JPEG header gives size, depth and process past tables and comments", () => {
  const header = readJpegHeader(
    jpeg(segment(0xdb, [0]), segment(0xfe, [1, 2, 3]), [0xff, 0xff], sof(0xc3, 300, 200, [1], 12)),
  );
  assert.deepEqual(header, {
    width: 200,
    height: 300,
    components: 1,
    precision: 12,
    signed: false,
    sof: 0xc3,
    lossy: false,
  });
});

for (const [what, parts, colour] of [
  ["JFIF", [JFIF], "YCbCr"],
  ["Adobe with transform 0", [ADOBE(0)], "RGB"],
  ["Adobe with transform 1", [ADOBE(1)], "YCbCr"],
  ["nothing", [], undefined],
] as const) {
  test(`${what} says of three components: ${colour ?? "nothing"}`, () =>
    assert.equal(readJpegHeader(jpeg(...parts, sof(0xc0, 8, 8, [1, 2, 3]))).colour, colour));
}

test("components called R, G and B are RGB; lossless streams say nothing about colour", () => {
  assert.equal(readJpegHeader(jpeg(sof(0xc0, 8, 8, [82, 71, 66]))).colour, "RGB");
  assert.equal(readJpegHeader(jpeg(JFIF, sof(0xc3, 8, 8, [1, 2, 3]))).colour, undefined);
});

function siz(
  change: Partial<Record<"right" | "bottom" | "left" | "tile" | "components" | "depth" | "sampling", number>> = {},
): number[] {
  const { right = 640, bottom = 480, left = 0, tile = 640, components = 1, depth = 15, sampling = 1 } = change;
  const component = [depth, sampling, sampling];
  const body = [
    0,
    0,
    ...u32(right),
    ...u32(bottom),
    ...u32(left),
    ...u32(0),
    ...u32(tile),
    ...u32(tile),
    ...u32(0),
    ...u32(0),
    ...u16(components),
  ];
  return segment(0x51, [...body, ...Array.from({ length: components }, () => component).flat()]);
}
const cod = (transform: number, wavelet: number) => segment(0x52, [0, 0, 0, 1, transform, 5, 4, 4, 0, wavelet]);
const j2k = (...parts: number[][]) => Uint8Array.from([0xff, 0x4f, ...parts.flat()]);

test("a JPEG 2000 header gives size, depth, sign, transform and wavelet, bare or inside a file", () => {
  const stream = j2k(siz({ depth: 0x8c }), cod(1, 0));
  const expected = {
    width: 640,
    height: 480,
    components: 1,
    precision: 13,
    signed: true,
    componentTransform: true,
    lossy: true,
  };
  assert.deepEqual(readJpeg2000Header(stream), expected);
  const box = (kind: string, body: number[]) => [...u32(body.length + 8), ...Buffer.from(kind), ...body];
  const file = Uint8Array.from([
    ...box("jP  ", [13, 10, 0x87, 10]),
    ...box("ftyp", [1, 2, 3, 4]),
    ...box("jp2c", [...stream]),
  ]);
  assert.deepEqual(readJpeg2000Header(file), expected);
});

const WRONG: [string, () => unknown][] = [
  ["a JPEG without a frame", () => readJpegHeader(jpeg([0xff, 0xd9]))],
  ["a JPEG scan before its frame", () => readJpegHeader(jpeg(segment(0xda, [0])))],
  ["a JPEG segment shorter than its length", () => readJpegHeader(jpeg([0xff, 0xdb, 0, 9, 1]))],
  ["a JPEG segment of length 0", () => readJpegHeader(jpeg([0xff, 0xdb, 0, 0]))],
  [
    "200 JPEG components",
    () =>
      readJpegHeader(
        jpeg(
          sof(
            0xc0,
            8,
            8,
            Array.from({ length: 200 }, () => 1),
          ),
        ),
      ),
  ],
  ["rubbish between JPEG markers", () => readJpegHeader(jpeg([0, 0, 0]))],
  ["an empty JPEG 2000 area", () => readJpeg2000Header(j2k(siz({ left: 640 }), cod(0, 1)))],
  ["tiles of nothing", () => readJpeg2000Header(j2k(siz({ tile: 0 }), cod(0, 1)))],
  ["a million tiles", () => readJpeg2000Header(j2k(siz({ tile: 1, right: 65000 }), cod(0, 1)))],
  ["16384 components", () => readJpeg2000Header(j2k(siz({ components: 300 }), cod(0, 1)))],
  ["subsampled components", () => readJpeg2000Header(j2k(siz({ sampling: 2 }), cod(0, 1)))],
  ["a JPEG 2000 tile before its coding style", () => readJpeg2000Header(j2k(siz(), [0xff, 0x90, 0, 0]))],
  ["no JPEG 2000 at all", () => readJpeg2000Header(Uint8Array.of(1, 2, 3, 4))],
  [
    "a JPEG 2000 file whose box has no length",
    () => readJpeg2000Header(Uint8Array.from([0, 0, 0, 0, ...Buffer.from("jP  "), 0, 0, 0, 0, 0, 0, 0, 0])),
  ],
  ["no JPEG XL at all", () => readJpegXlHeader(Uint8Array.of(1, 2, 3, 4))],
  [
    "a JPEG XL container without a stream",
    () => readJpegXlHeader(Uint8Array.from([...u32(12), ...Buffer.from("JXL "), 13, 10, 0x87, 10])),
  ],
];
for (const [what, read] of WRONG)
  test(`${what}: dicom.malformed`, () => assert.throws(read, { code: "dicom.malformed" }));

test("any bytes are a header or a Fault, read in bounded time", () => {
  const beginnings = [
    [0xff, 0xd8, 0xff],
    [0xff, 0x4f, 0xff, 0x51],
    [0xff, 0x0a],
    [0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20],
    [],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 80 }), (beginning, rest) => {
      for (const read of [readJpegHeader, readJpeg2000Header, readJpegXlHeader]) {
        try {
          assert.ok(read(Uint8Array.from([...beginning, ...rest])).width >= 0);
        } catch (fault) {
          assert.ok(fault instanceof Fault);
        }
      }
    }),
  );
});

test("a code stream that contradicts its attributes is refused, naming the element", () => {
  const format = readPixelFormat({
    rows: 480,
    columns: 640,
    samplesPerPixel: 1,
    bitsAllocated: 16,
    photometricInterpretation: "MONOCHROME2",
  });
  const header = { width: 640, height: 480, components: 1, precision: 16, signed: false };
  checkHeader(header, format);
  for (const [change, place] of [
    [{ height: 481 }, "(0028,0010) Rows"],
    [{ width: 65535 }, "(0028,0011) Columns"],
    [{ components: 3 }, "(0028,0002) Samples per Pixel"],
    [{ precision: 17 }, "(0028,0100) Bits Allocated"],
  ] as const) {
    assert.throws(() => checkHeader({ ...header, ...change }, format), { code: "dicom.malformed", place });
  }
});
