import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dataSetOf } from "#standards/dicom/build.ts";
import { concat } from "#standards/dicom/concat.ts";
import { encapsulatedElement } from "#standards/dicom/encode-values.ts";
import {
  type FrameIndex,
  frameCount,
  frameRanges,
  packFrames,
  shiftFrames,
  unpackFrames,
} from "#standards/dicom/frames.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { encapsulate, writeDataSet } from "#standards/dicom/write.ts";

const EXPLICIT = "1.2.840.10008.1.2.1";
const JPEG = "1.2.840.10008.1.2.4.50";
const MPEG = "1.2.840.10008.1.2.4.102";

const u32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);
const fragment = (bytes: Uint8Array) => concat([Uint8Array.of(0xfe, 0xff, 0x00, 0xe0), u32(bytes.length), bytes]);
const END = Uint8Array.of(0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0);
const NO_TABLE = fragment(new Uint8Array(0));
const table = (...offsets: number[]) => fragment(concat(offsets.map(u32)));
/** A fragment that begins a JPEG code stream, and one that goes on with it. */
const begins = (mark: number) => fragment(Uint8Array.of(0xff, 0xd8, mark, mark));
const goesOn = (mark: number) => fragment(Uint8Array.of(mark, mark));

function indexed(
  frames: number,
  value: Uint8Array,
  syntax = JPEG,
  more: Record<string, Uint8Array> = {},
): { index: FrameIndex; file: Uint8Array } {
  const dataSet = dataSetOf({ NumberOfFrames: frames, Rows: 1, Columns: 1, ...more });
  dataSet.set(encapsulatedElement(0x7fe00010, value));
  const file = writeDataSet(dataSet, syntax);
  return { index: readPart10(file, { transferSyntax: syntax }).frameIndex, file };
}

function frame({ index, file }: { index: FrameIndex; file: Uint8Array }, at: number): number[] {
  const ranges = frameRanges(index, at)?.ranges ?? [];
  return ranges.flatMap(({ offset, length }) => [...file.subarray(offset, offset + length)]);
}

const u64 = (...values: number[]) => new Uint8Array(new BigUint64Array(values.map(BigInt)).buffer);

test("PS3.5 §A.4: a basic offset table names the first fragment of each frame", () => {
  const read = indexed(2, concat([table(0, 22), begins(1), goesOn(2), begins(3), END]));
  assert.deepEqual(frame(read, 0), [0xff, 0xd8, 1, 1, 2, 2]);
  assert.deepEqual(frame(read, 1), [0xff, 0xd8, 3, 3]);
  assert.equal(frameRanges(read.index, 2), undefined);
});

test("PS3.3 §C.7.6.3.1.8: an extended offset table gives the frames and their lengths without padding", () => {
  const more = { ExtendedOffsetTable: u64(0, 12), ExtendedOffsetTableLengths: u64(3, 4) };
  const read = indexed(2, concat([NO_TABLE, begins(1), begins(2), END]), JPEG, more);
  assert.deepEqual(frame(read, 0), [0xff, 0xd8, 1]);
  assert.deepEqual(frame(read, 1), [0xff, 0xd8, 2, 2]);
});

test("offset tables that do not point at fragments are not believed", () => {
  const read = indexed(2, concat([table(0, 13), begins(1), begins(2), END]));
  assert.deepEqual(frame(read, 1), [0xff, 0xd8, 2, 2]);
  const more = { ExtendedOffsetTable: u64(0, 2 ** 40), ExtendedOffsetTableLengths: u64(3, 4) };
  assert.deepEqual(frame(indexed(2, concat([NO_TABLE, begins(1), begins(2), END]), JPEG, more), 1), [0xff, 0xd8, 2, 2]);
});

test("without a table, one fragment a frame, or all of them for a single frame", () => {
  assert.equal(frameCount(indexed(3, concat([NO_TABLE, goesOn(1), goesOn(2), goesOn(3), END])).index), 3);
  assert.deepEqual(frame(indexed(1, concat([NO_TABLE, begins(1), goesOn(2), END])), 0), [0xff, 0xd8, 1, 1, 2, 2]);
});

test("without a table, more fragments than frames are told apart by their code stream marks", () => {
  const read = indexed(2, concat([NO_TABLE, begins(1), goesOn(2), begins(3), goesOn(4), END]));
  assert.deepEqual(frame(read, 0), [0xff, 0xd8, 1, 1, 2, 2]);
  assert.deepEqual(frame(read, 1), [0xff, 0xd8, 3, 3, 4, 4]);
});

test("frames that cannot be told apart are none, with the reason", () => {
  const { index } = indexed(2, concat([NO_TABLE, goesOn(1), goesOn(2), goesOn(3), END]));
  assert.match(index.is === "none" ? index.reason : index.is, /3 fragments for 2 frames/);
});

test("a video is one stream, however many frames it says it has", () => {
  const { index } = indexed(250, concat([NO_TABLE, goesOn(1), goesOn(2), END]), MPEG);
  assert.equal(frameCount(index), 1);
  assert.equal(index.is === "encapsulated" && index.declared, 250);
  assert.equal(frameRanges(index, 0)?.ranges.length, 2);
});

test("native frames are counted by what is there, not by what is claimed", () => {
  const image = { Rows: 2, Columns: 3, SamplesPerPixel: 1, BitsAllocated: 16, NumberOfFrames: 5 };
  const file = writeDataSet(dataSetOf({ ...image, PixelData: new Uint8Array(24) }), EXPLICIT);
  const { frameIndex } = readPart10(file, { transferSyntax: EXPLICIT });
  assert.deepEqual(frameIndex, {
    is: "native",
    base: file.length - 24,
    frameBits: 96,
    count: 2,
    declared: 5,
    inflated: false,
  });
  assert.deepEqual(frameRanges(frameIndex, 1), { ranges: [{ offset: file.length - 12, length: 12 }], firstBit: 0 });
});

test("PS3.5 §8.1.1: 1-bit frames follow each other without padding", () => {
  const image = { Rows: 3, Columns: 3, SamplesPerPixel: 1, BitsAllocated: 1, NumberOfFrames: 3 };
  const file = writeDataSet(dataSetOf({ ...image, PixelData: new Uint8Array(4) }), EXPLICIT);
  const { frameIndex } = readPart10(file, { transferSyntax: EXPLICIT });
  const base = file.length - 4;
  assert.deepEqual(frameRanges(frameIndex, 1), { ranges: [{ offset: base + 1, length: 2 }], firstBit: 1 });
  assert.deepEqual(frameRanges(frameIndex, 2), { ranges: [{ offset: base + 2, length: 2 }], firstBit: 2 });
});

test("PS3.3 §C.7.6.3.1.2: YBR_FULL_422 has two samples a pixel", () => {
  const image = {
    Rows: 2,
    Columns: 2,
    SamplesPerPixel: 3,
    BitsAllocated: 8,
    PhotometricInterpretation: "YBR_FULL_422",
  };
  const file = writeDataSet(dataSetOf({ ...image, PixelData: new Uint8Array(8) }), EXPLICIT);
  assert.equal(frameCount(readPart10(file, { transferSyntax: EXPLICIT }).frameIndex), 1);
});

test("rows and columns that would overflow anything give no frames", () => {
  const image = {
    Rows: 65535,
    Columns: 65535,
    SamplesPerPixel: 65535,
    BitsAllocated: 65535,
    NumberOfFrames: 2147483647,
  };
  const file = writeDataSet(dataSetOf({ ...image, PixelData: new Uint8Array(8) }), EXPLICIT);
  assert.equal(readPart10(file, { transferSyntax: EXPLICIT }).frameIndex.is, "none");
});

test("what encapsulate writes reads back as the frames it was given", () => {
  const frames = fc.array(fc.uint8Array({ minLength: 2, maxLength: 40 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(frames, (given) => {
      const read = indexed(given.length, encapsulate(given));
      for (const [at, bytes] of given.entries()) assert.deepEqual(frame(read, at).slice(0, bytes.length), [...bytes]);
    }),
  );
});

const offset = fc.nat(2 ** 40);
const anyIndex: fc.Arbitrary<FrameIndex> = fc.oneof(
  fc.record({ is: fc.constant("none" as const), reason: fc.string() }, { noNullPrototype: true }),
  fc.record(
    {
      is: fc.constant("native" as const),
      base: offset,
      frameBits: fc.integer({ min: 1, max: 2 ** 45 }),
      count: fc.integer({ min: 1, max: 2 ** 31 }),
      declared: fc.integer({ min: 1, max: 2 ** 31 }),
      inflated: fc.boolean(),
    },
    { noNullPrototype: true },
  ),
  fc
    .array(fc.tuple(fc.nat(100), fc.nat(2 ** 32 - 1), fc.boolean()), { minLength: 1, maxLength: 40 })
    .map((parts): FrameIndex => {
      const offsets: number[] = [];
      const lengths: number[] = [];
      let end = 0;
      for (const [gap, length] of parts) {
        offsets.push(end + gap);
        lengths.push(length);
        end += gap + length;
      }
      const first = parts.flatMap(([, , starts], at) => (at === 0 || starts ? [at] : []));
      return { is: "encapsulated", first, offsets, lengths, count: first.length, declared: first.length };
    }),
);

test("a packed index unpacks to itself, and a cut one is refused", () => {
  fc.assert(fc.property(anyIndex, (index) => assert.deepEqual(unpackFrames(packFrames(index)), index)));
  fc.assert(
    fc.property(anyIndex, fc.nat(), (index, cut) => {
      const packed = packFrames(index);
      if (index.is === "none") return;
      assert.throws(() => unpackFrames(packed.subarray(0, cut % packed.length)), { code: "input.invalid" });
    }),
  );
});

test("an index of 100,000 JPEG frames packs into less than 0.6 MB", () => {
  const offsets = Array.from({ length: 100_000 }, (_, at) => 1000 + at * 20_008);
  const lengths = offsets.map(() => 20_000);
  const packed = packFrames({
    is: "encapsulated",
    first: offsets.map((_, at) => at),
    offsets,
    lengths,
    count: 100_000,
    declared: 100_000,
  });
  assert.ok(packed.length < 600_000, `${packed.length} bytes`);
});

test("shifted, an index points at the same bytes behind another header", () => {
  fc.assert(
    fc.property(anyIndex, fc.integer({ min: 0, max: 5000 }), (index, by) => {
      const moved = shiftFrames(index, by);
      const [before, after] = [frameRanges(index, 0)?.ranges[0], frameRanges(moved, 0)?.ranges[0]];
      const expected = index.is === "native" && index.inflated ? 0 : by;
      assert.equal((after?.offset ?? 0) - (before?.offset ?? 0), before === undefined ? 0 : expected);
    }),
  );
});
