import assert from "node:assert/strict";
import { test } from "node:test";
import { expandSegments, lookUp, readLut } from "#standards/pixels/lut.ts";

const PLACE = "(0028,3006) LUT Data";

test("inputs below the table take its first entry, those above its last, PS3.3 §C.11.1.1.1", () => {
  const lut = readLut([3, -1, 8], Uint16Array.of(5, 6, 7), true, PLACE);
  assert.deepEqual(
    [-9, -1, 0, 1, 2, 99].map((input) => lookUp(lut, input)),
    [5, 5, 6, 7, 7, 7],
  );
});

test("zero entries mean 65536", () => {
  assert.equal(readLut([0, 0, 16], new Uint16Array(65536), false, PLACE).values.length, 65536);
});

test("a first input read as unsigned is put right for signed pixels", () => {
  assert.equal(readLut([1, 65535, 16], new Uint16Array(1), true, PLACE).first, -1);
  assert.equal(readLut([1, 65535, 16], new Uint16Array(1), false, PLACE).first, 65535);
});

test("eight-bit entries may come two in a word, low byte first", () => {
  assert.deepEqual([...readLut([3, 0, 8], Uint16Array.of(0x0201, 0x0003), false, PLACE).values], [1, 2, 3]);
});

for (const [what, descriptor, words] of [
  ["too few entries", [4, 0, 16], 3],
  ["no descriptor", [], 3],
  ["17 bits", [3, 0, 17], 3],
  ["half an entry", [1.5, 0, 16], 3],
] as const) {
  test(`${what}: dicom.malformed`, () =>
    assert.throws(() => readLut(descriptor, new Uint16Array(words), false, PLACE), {
      code: "dicom.malformed",
      place: PLACE,
    }));
}

test("discrete and linear segments expand as in the example of PS3.3 §C.7.9.2", () => {
  const words = Uint16Array.of(0, 1, 0, 1, 4, 200, 0, 2, 7, 8, 1, 2, 10);
  assert.deepEqual([...expandSegments(words, 16, PLACE)], [0, 50, 100, 150, 200, 7, 8, 9, 10]);
});

test("an indirect segment repeats earlier ones", () => {
  const words = Uint16Array.of(0, 2, 5, 6, 2, 1, 0, 0);
  assert.deepEqual([...expandSegments(words, 16, PLACE)], [5, 6, 5, 6]);
});

test("in tables of eight bits the numbers are bytes", () => {
  const words = Uint16Array.of(0x0200, 0x0605, 0x0201, 0x020a, 0x0001, 0, 0); // 0 2 5 6, 1 2 10, 2 1 0
  assert.deepEqual([...expandSegments(words, 8, PLACE)], [5, 6, 8, 10, 5, 6]);
});

for (const [what, words] of [
  ["an indirect segment that points at itself", [2, 1, 0, 0]],
  ["an indirect segment that points outside", [0, 1, 5, 2, 1, 5000, 0]],
  ["a linear segment with nothing before it", [1, 4, 200]],
  ["more entries than words", [0, 9, 1]],
  ["an unknown segment", [9, 1, 1]],
] as const) {
  test(`${what}: dicom.malformed`, () =>
    assert.throws(() => expandSegments(Uint16Array.from(words), 16, PLACE), { code: "dicom.malformed" }));
}

test("a segmented palette never expands past 65536 entries", () => {
  const words = [0, 1, 0, ...Array.from({ length: 3 }, () => [1, 40000, 9]).flat()];
  assert.throws(() => expandSegments(Uint16Array.from(words), 16, PLACE), { code: "dicom.malformed" });
});
