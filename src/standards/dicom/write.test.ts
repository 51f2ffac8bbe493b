import assert from "node:assert/strict";
import { test } from "node:test";
import { dataSetOf, put } from "#standards/dicom/build.ts";
import { DataSet, IMPLICIT_LITTLE } from "#standards/dicom/data-set.ts";
import { entryOf, tagOf } from "#standards/dicom/dictionary.ts";
import { decimalString } from "#standards/dicom/encode-values.ts";
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from "#standards/dicom/implementation.ts";
import { readDataSet, readPart10 } from "#standards/dicom/read.ts";
import { STORAGE_SOP_CLASSES, sopClassName } from "#standards/dicom/sop-classes.ts";
import { tagFromText, tagText } from "#standards/dicom/tag.ts";
import { TAGS } from "#standards/dicom/tags.ts";
import {
  EXPLICIT_LE,
  IMPLICIT_LE,
  transferSyntax,
  transferSyntaxOrPrivate,
} from "#standards/dicom/transfer-syntaxes.ts";
import { acceptUid, parseUid, uidFromBits } from "#standards/dicom/uid.ts";
import { date, items, number, numbers, personName, text, texts, time } from "#standards/dicom/values.ts";
import { fileMetaBytes, writeDataSet } from "#standards/dicom/write.ts";

const meta = { sopClassUid: "1.2.840.10008.5.1.4.1.1.7", sopInstanceUid: "1.2.3", transferSyntaxUid: EXPLICIT_LE };

test("PS3.10 §7.1: file meta information has its length, both UIDs, the syntax and our names", () => {
  const bytes = fileMetaBytes({ ...meta, sendingAeTitle: "SCANNER", receivingAeTitle: "SAFELIGHT" });
  const { meta: read, dataSetOffset } = readPart10(bytes);
  assert.equal(dataSetOffset, bytes.length);
  assert.equal(number(read, 0x00020000), bytes.length - 144);
  assert.equal(text(read, 0x00020002), meta.sopClassUid);
  assert.equal(text(read, 0x00020003), meta.sopInstanceUid);
  assert.equal(text(read, 0x00020010), EXPLICIT_LE);
  assert.equal(text(read, 0x00020012), parseUid(IMPLEMENTATION_CLASS_UID));
  assert.equal(text(read, 0x00020013), IMPLEMENTATION_VERSION_NAME);
  assert.equal(text(read, 0x00020017), "SCANNER");
  assert.equal(text(read, 0x00020018), "SAFELIGHT");
  assert.ok(IMPLEMENTATION_VERSION_NAME.length <= 16);
});

test("a value too long for its VR's 16-bit length is written as UN and read as what it was", () => {
  const long = "1.25\\".repeat(20_000);
  const dataSet = new DataSet(IMPLICIT_LITTLE);
  put(dataSet, "ContourData", new TextEncoder().encode(`${long}1.5`));
  const read = readDataSet(writeDataSet(dataSet, EXPLICIT_LE), EXPLICIT_LE);
  assert.equal(numbers(read, tagOf("ContourData")).length, 20_001);
});

test("items made by us are written in the encoding of the data set around them", () => {
  const made = dataSetOf({
    ReferencedImageSequence: [{ Modality: "CT", ReferencedImageSequence: [{ Modality: "MR" }] }],
  });
  const read = readDataSet(writeDataSet(made, IMPLICIT_LE), IMPLICIT_LE);
  const [outer] = items(read, tagOf("ReferencedImageSequence"));
  assert.ok(outer);
  assert.equal(text(outer, TAGS.Modality), "CT");
  const added = dataSetOf({ ReferencedImageSequence: [{ Modality: "PT" }] });
  for (const element of added) read.set(element);
  const again = readDataSet(writeDataSet(read, IMPLICIT_LE), IMPLICIT_LE);
  assert.equal(text(items(again, tagOf("ReferencedImageSequence"))[0] ?? again, TAGS.Modality), "PT");
});

test("what we write has even lengths, padded as the VR wants", () => {
  const bytes = writeDataSet(dataSetOf({ SOPInstanceUID: "1.2", PatientID: "123" }), EXPLICIT_LE);
  assert.deepEqual([...bytes.subarray(8, 12)], [0x31, 0x2e, 0x32, 0x00]);
  assert.deepEqual([...bytes.subarray(-4)], [0x31, 0x32, 0x33, 0x20]);
});

test("keywords nobody knows and values a VR cannot hold are refused", () => {
  assert.throws(() => dataSetOf({ PatientNaem: "x" }), { code: "input.invalid" });
  assert.throws(() => dataSetOf({ Rows: 65_536 }), { code: "input.invalid" });
  assert.throws(() => dataSetOf({ ReferencedImageSequence: "x" }), { code: "input.invalid" });
  assert.throws(() => dataSetOf({ "00091001:XX": "x" }), { code: "input.invalid" });
});

test("PS3.5 §6.2: a DS has at most 16 characters and the digits that fit", () => {
  for (const [value, text] of [
    [0.1, "0.1"],
    [-1 / 3, "-0.3333333333333"],
    [1e300 / 3, "3.333333333e+299"],
    [-1.2345678901234567e-100, "-1.23456789e-100"],
    [123456789.12345678, "123456789.123457"],
  ] as const) {
    assert.equal(decimalString(value), text);
  }
});

test("dates and times are taken in the forms of the standard and of its predecessors, and nothing else", () => {
  const of = (given: string) => dataSetOf({ StudyDate: given, "StudyTime:TM": given });
  assert.equal(date(of("20240229"), TAGS.StudyDate), "2024-02-29");
  assert.equal(date(of("2024.02.29"), TAGS.StudyDate), "2024-02-29");
  for (const wrong of ["20230229", "2024", "20241301", "yesterday"])
    assert.equal(date(of(wrong), TAGS.StudyDate), undefined, wrong);
  assert.equal(time(of("134510.250000"), TAGS.StudyTime), "13:45:10.250000");
  assert.equal(time(of("13:45:10"), TAGS.StudyTime), "13:45:10");
  assert.equal(time(of("13"), TAGS.StudyTime), "13:00:00");
  for (const wrong of ["25", "1361", "noon"]) assert.equal(time(of(wrong), TAGS.StudyTime), undefined, wrong);
});

test("values come without padding, and absent ones are undefined", () => {
  const dataSet = dataSetOf({ PatientID: " 17 ", Modality: "CT", ImageType: ["A ", " B"], PatientName: "Doe^Jane=漢" });
  assert.equal(text(dataSet, TAGS.PatientID), " 17");
  assert.deepEqual(texts(dataSet, TAGS.ImageType), ["A", "B"]);
  assert.deepEqual(personName(dataSet, TAGS.PatientName), { alphabetic: "Doe^Jane", ideographic: "漢", phonetic: "" });
  assert.equal(text(dataSet, TAGS.StudyID), undefined);
  assert.equal(number(dataSet, TAGS.Modality), undefined);
});

test("the dictionary knows attributes, repeating groups and no private ones", () => {
  assert.deepEqual(
    { ...entryOf(0x00100010) },
    { keyword: "PatientName", name: "Patient's Name", vrs: ["PN"], vm: "1", retired: false },
  );
  assert.equal(entryOf(0x60020010)?.keyword, "OverlayRows");
  assert.equal(entryOf(0x50040005)?.retired, true);
  assert.equal(entryOf(0x60030010), undefined);
  assert.deepEqual(entryOf(0x00280106)?.vrs, ["US", "SS"]);
  assert.equal(entryOf(0x00185100)?.name, "Patient Position");
  for (const [keyword, tag] of Object.entries(TAGS)) assert.equal(tagOf(keyword), tag, keyword);
});

test("tags have one text and are read from three", () => {
  assert.equal(tagText(0x7fe00010), "(7FE0,0010)");
  for (const form of ["7fe00010", "(7FE0,0010)", "7FE0,0010"]) assert.equal(tagFromText(form), 0x7fe00010);
  assert.equal(tagFromText("7fe0001"), undefined);
});

test("PS3.5 §9.1: UIDs we make are strict, UIDs we receive are lax, and neither can be anything else", () => {
  assert.equal(parseUid("1.2.840.10008.1.1"), "1.2.840.10008.1.1");
  for (const wrong of ["1.02", "", "1.", ".1", "1.2.a", `1.${"2".repeat(64)}`])
    assert.throws(() => parseUid(wrong), { code: "dicom.uid" });
  assert.equal(acceptUid("1.02.3\0"), "1.02.3");
  for (const wrong of ["", "../1", "1/2", "1.2\0.3", "%2e%2e"]) assert.equal(acceptUid(wrong), undefined);
  assert.equal(uidFromBits(new Uint8Array(16).fill(0xff)), "2.25.340282366920938463463374607431768211455");
});

test("transfer syntaxes and SOP classes are those of the standard", () => {
  assert.equal(STORAGE_SOP_CLASSES.length, 175);
  assert.equal(sopClassName("1.2.840.10008.5.1.4.1.1.2"), "CT Image Storage");
  assert.equal(transferSyntax("1.2.840.10008.1.2.4.90")?.pixels, "jpeg-2000");
  assert.equal(transferSyntax("1.2.3"), undefined);
  assert.deepEqual({ ...transferSyntaxOrPrivate("1.2.3"), uid: "" }.explicit, true);
});
