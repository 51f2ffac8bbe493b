import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { ByteWriter } from "#kit/bytes.ts";
import { dataSetOf } from "#standards/dicom/build.ts";
import { concat } from "#standards/dicom/concat.ts";
import type { DataSet } from "#standards/dicom/data-set.ts";
import { toJson } from "#standards/dicom/json.ts";
import { dataSetReader, type Header, Part10Reader, readDataSet, readPart10 } from "#standards/dicom/read.ts";
import { DEFLATED_LE, EXPLICIT_LE, IMPLICIT_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { items, number, text, uid } from "#standards/dicom/values.ts";
import { dataSetPiecesAsRead, fileMetaBytes, joinPieces, writeDataSet, writePart10 } from "#standards/dicom/write.ts";

const meta = { sopClassUid: "1.2.840.10008.5.1.4.1.1.7", sopInstanceUid: "1.2.3", transferSyntaxUid: EXPLICIT_LE };
const ascii = (value: string) => Uint8Array.from(value, (character) => character.charCodeAt(0));
/** Group and element, then bytes as they are given: numbers are bytes, texts are ASCII. */
const raw = (tag: number, ...rest: (number | string | Uint8Array)[]) =>
  concat([
    new ByteWriter(4)
      .u16le(tag >>> 16)
      .u16le(tag & 0xffff)
      .take(),
    ...rest.map((part) =>
      typeof part === "number" ? Uint8Array.of(part) : typeof part === "string" ? ascii(part) : part,
    ),
  ]);
const u32 = (value: number) => new ByteWriter(4).u32le(value).take();
const UNDEFINED = u32(0xffffffff);
const item = (length: Uint8Array) => raw(0xfffee000, length);
const itemEnd = raw(0xfffee00d, u32(0));
const sequenceEnd = raw(0xfffee0dd, u32(0));
const modality = raw(0x00080060, "CS", 2, 0, "CT");

/** Reads explicit VR little endian and proves on the way that it can be written back byte for byte. */
function explicit(bytes: Uint8Array): DataSet {
  const { dataSet } = readPart10(bytes, { transferSyntax: EXPLICIT_LE });
  assert.deepEqual(joinPieces(dataSetPiecesAsRead(dataSet), bytes), bytes);
  return dataSet;
}

test("attributes are there before the pixel data, and later ones come after", () => {
  const seen: Header[] = [];
  const dataSet = dataSetOf({
    Modality: "CT",
    Rows: 2,
    PixelData: new Uint8Array(1000),
    "FFFCFFFC:OB": new Uint8Array(4),
  });
  const file = writePart10(meta, dataSet);
  const reader = new Part10Reader({ onHeader: (header) => seen.push({ ...header }) });
  const pixelsAt = file.length - 1000 - 16;
  reader.write(file.subarray(0, pixelsAt - 1));
  assert.equal(seen.length, 0);
  reader.write(file.subarray(pixelsAt - 1, pixelsAt + 1));
  assert.equal(seen.length, 1);
  assert.equal(text(seen[0]?.dataSet ?? dataSet, 0x00080060), "CT");
  assert.equal(reader.header?.dataSet.has(0xfffcfffc), false);
  reader.write(file.subarray(pixelsAt + 1));
  const result = reader.end();
  assert.equal(result.dataSet.has(0xfffcfffc), true);
  assert.deepEqual(result.pixelData && { offset: result.pixelData.offset, length: result.pixelData.length }, {
    offset: pixelsAt,
    length: 1000,
  });
  assert.equal(seen.length, 1);
});

test("elements of the data set itself are announced one by one, in order", () => {
  const tags: number[] = [];
  const dataSet = dataSetOf({ Modality: "CT", ReferencedImageSequence: [{ Modality: "MR" }], PatientID: "1" });
  const reader = dataSetReader({ transferSyntax: EXPLICIT_LE, onElement: ({ tag }) => tags.push(tag) });
  reader.write(writeDataSet(dataSet, EXPLICIT_LE));
  reader.end();
  assert.deepEqual(tags, [0x00080060, 0x00081140, 0x00100020]);
});

test("a bare data set gives offsets as in the file that it will stand in", () => {
  const dataSet = writeDataSet(
    dataSetOf({ Rows: 1, Columns: 4, BitsAllocated: 8, SamplesPerPixel: 1, PixelData: Uint8Array.of(1, 2, 3, 4) }),
    EXPLICIT_LE,
  );
  const front = fileMetaBytes(meta);
  const bare = readPart10(dataSet, { transferSyntax: EXPLICIT_LE, origin: front.length });
  const whole = readPart10(concat([front, dataSet]));
  assert.deepEqual(bare.frameIndex, whole.frameIndex);
  assert.equal(bare.dataSetOffset, whole.dataSetOffset);
});

test("a deflated data set is inflated as it comes; its offsets count in what was inflated", () => {
  const plain = writeDataSet(
    dataSetOf({
      Modality: "CT",
      Rows: 2,
      Columns: 2,
      BitsAllocated: 8,
      SamplesPerPixel: 1,
      PixelData: new Uint8Array(4),
    }),
    EXPLICIT_LE,
  );
  const file = concat([fileMetaBytes({ ...meta, transferSyntaxUid: DEFLATED_LE }), deflateRawSync(plain)]);
  const read = readPart10(file);
  assert.equal(read.inflated, true);
  assert.deepEqual(read.frameIndex, {
    is: "native",
    base: plain.length - 4,
    frameBits: 32,
    count: 1,
    declared: 1,
    inflated: true,
  });
});

test("PS3.5 §6.2.2: UN of undefined length holds items in implicit VR", () => {
  const inner = raw(0x00080060, u32(2), "MR");
  const dataSet = explicit(
    concat([raw(0x00091001, "UN", 0, 0, UNDEFINED), item(UNDEFINED), inner, itemEnd, sequenceEnd]),
  );
  const first = items(dataSet, 0x00091001)[0];
  assert.ok(first);
  assert.equal(text(first, 0x00080060), "MR");
  assert.equal(toJson(dataSet)["00091001"]?.vr, "SQ");
});

test("UN of a public attribute is read as what the dictionary says, and written as UN", () => {
  const dataSet = explicit(raw(0x00100010, "UN", 0, 0, u32(8), "Doe^Jane"));
  assert.deepEqual(toJson(dataSet)["00100010"], { vr: "PN", Value: [{ Alphabetic: "Doe^Jane" }] });
});

test("a VR that the standard may yet define has a 32-bit length", () => {
  const dataSet = explicit(concat([raw(0x00091001, "ZZ", 0, 0, u32(4), "abcd"), raw(0x00100020, "LO", 2, 0, "17")]));
  assert.equal(text(dataSet, 0x00100020), "17");
  assert.equal(dataSet.get(0x00091001)?.vr, "UN");
});

test("broken VRs with a short length are read by the dictionary", () => {
  for (const vr of ["??", "  ", "\0\0", "--"]) {
    const dataSet = explicit(concat([modality, raw(0x00100020, vr, 4, 0, "1234"), raw(0x00100040, "CS", 2, 0, "F ")]));
    assert.equal(text(dataSet, 0x00100020), "1234", vr);
    assert.equal(text(dataSet, 0x00100040), "F", vr);
  }
});

test("an element in implicit VR among explicit ones is read as such", () => {
  const dataSet = explicit(concat([modality, raw(0x00100020, u32(4), "1234"), raw(0x00100040, "CS", 2, 0, "F ")]));
  assert.equal(text(dataSet, 0x00100020), "1234");
  assert.equal(text(dataSet, 0x00100040), "F");
});

test("reserved bytes that are not zero, and odd lengths, are kept as they came", () => {
  const dataSet = explicit(concat([raw(0x00091001, "OB", 7, 9, u32(3), "abc"), raw(0x00100020, "LO", 3, 0, "123")]));
  assert.equal(text(dataSet, 0x00100020), "123");
});

test("an item without delimiter ends with its sequence", () => {
  const content = concat([item(UNDEFINED), modality]);
  const dataSet = explicit(
    concat([raw(0x00081140, "SQ", 0, 0, u32(content.length)), content, raw(0x00100020, "LO", 2, 0, "17")]),
  );
  assert.equal(items(dataSet, 0x00081140).length, 1);
  assert.equal(text(dataSet, 0x00100020), "17");
});

test("a file that calls itself explicit and is implicit is read, and said to contradict itself; so the other way round", () => {
  const dataSet = dataSetOf({ SOPClassUID: "1.2.840.10008.5.1.4.1.1.7", Modality: "CT", Rows: 7 });
  for (const [claimed, written] of [
    [EXPLICIT_LE, IMPLICIT_LE],
    [IMPLICIT_LE, EXPLICIT_LE],
    [IMPLICIT_LE, "1.2.840.10008.1.2.2"],
  ] as const) {
    const read = readPart10(
      concat([fileMetaBytes({ ...meta, transferSyntaxUid: claimed }), writeDataSet(dataSet, written)]),
    );
    assert.equal(read.contradictsSyntax, true);
    assert.equal(number(read.dataSet, 0x00280010), 7);
  }
  assert.equal(readPart10(writePart10(meta, dataSet)).contradictsSyntax, false);
});

test("an unknown transfer syntax is explicit little endian, its pixel data encapsulated when it has no length", () => {
  const file = concat([
    fileMetaBytes({ ...meta, transferSyntaxUid: "1.2.3.4.5.6.7" }),
    modality,
    raw(0x7fe00010, "OB", 0, 0, UNDEFINED),
    item(u32(0)),
    item(u32(2)),
    ascii("ab"),
    sequenceEnd,
  ]);
  const read = readPart10(file);
  assert.equal(read.pixelData?.encapsulated, true);
  assert.equal(read.frameIndex.is, "encapsulated");
});

test("encapsulated icons inside sequences are known by their fragments and are not the pixel data", () => {
  const icon = concat([raw(0x7fe00010, "OB", 0, 0, UNDEFINED), item(u32(0)), item(u32(2)), ascii("ab"), sequenceEnd]);
  const bytes = concat([modality, raw(0x00880200, "SQ", 0, 0, UNDEFINED), item(UNDEFINED), icon, itemEnd, sequenceEnd]);
  const dataSet = explicit(bytes);
  const element = items(dataSet, 0x00880200)[0]?.get(0x7fe00010);
  assert.equal(element?.is, "fragments");
  assert.equal(readPart10(bytes, { transferSyntax: EXPLICIT_LE }).pixelData, undefined);
});

test("signedness of US or SS in implicit VR follows Pixel Representation, in items that of the data set around", () => {
  const given = {
    PixelRepresentation: 1,
    "SmallestImagePixelValue:SS": -5,
    RealWorldValueMappingSequence: [{ "RealWorldValueFirstValueMapped:SS": -7 }],
  };
  const read = readDataSet(writeDataSet(dataSetOf(given), IMPLICIT_LE), IMPLICIT_LE);
  assert.equal(number(read, 0x00280106), -5);
  assert.equal(number(items(read, 0x00409096)[0] ?? read, 0x00409216), -7);
  const unsigned = dataSetOf({ ...given, PixelRepresentation: 0 });
  assert.equal(number(readDataSet(writeDataSet(unsigned, IMPLICIT_LE), IMPLICIT_LE), 0x00280106), 65531);
});

test("specific character sets reach into items that have none, and items may have their own", () => {
  const dataSet = dataSetOf({
    SpecificCharacterSet: "ISO_IR 192",
    ReferencedPatientSequence: [
      { PatientName: "Ünal" },
      { SpecificCharacterSet: "ISO_IR 100", "PatientName:PN": Uint8Array.of(0xdc, 0x6e) },
    ],
  });
  const read = readDataSet(writeDataSet(dataSet, EXPLICIT_LE), EXPLICIT_LE);
  assert.deepEqual(
    items(read, 0x00081120).map((inner) => text(inner, 0x00100010)),
    ["Ünal", "Ün"],
  );
});

test("UIDs of devices are taken with NULs, spaces and leading zeros, and nothing else is a UID", () => {
  const of = (value: string) =>
    uid(readDataSet(raw(0x0020000d, "UI", value.length, 0, value), EXPLICIT_LE), 0x0020000d);
  assert.equal(of("1.2.03\0"), "1.2.03");
  assert.equal(of("1.2.3 "), "1.2.3");
  for (const wrong of ["../etc/passwd", "1..2", "1.2.", "<script>", `1.${"2".repeat(70)}`])
    assert.equal(of(wrong), undefined, wrong);
});
