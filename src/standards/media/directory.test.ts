import assert from "node:assert/strict";
import { test } from "node:test";
import { readPart10 } from "#standards/dicom/read.ts";
import { directoryFiles, isDirectory } from "#standards/media/directory.ts";
import { fileIdComponents } from "#standards/media/file-id.ts";
import { isCompanion, KIND_BYTES, mediaKind } from "#standards/media/kind.ts";
import { filesBelow, readData } from "../../../test/support/data.ts";

const DISC = "media/pydicom-dicomdirtests";

test("a DICOMDIR lists its images under their studies and series, in order", () => {
  const files = directoryFiles(readPart10(readData(`${DISC}/DICOMDIR`)).dataSet);
  assert.equal(files.length, 31);
  assert.deepEqual(files[0], {
    type: "IMAGE",
    path: ["77654033", "CR1", "6154"],
    sopClassUid: "1.2.840.10008.5.1.4.1.1.1",
    sopInstanceUid: "1.3.6.1.4.1.5962.1.1.0.0.0.1196527414.5534.0.11",
    studyUid: files[0]?.studyUid,
    seriesUid: files[0]?.seriesUid,
  });
  assert.equal(new Set(files.map(({ studyUid }) => studyUid)).size, 6);
  assert.ok(files.every(({ studyUid, seriesUid }) => studyUid !== undefined && seriesUid !== undefined));
});

test("the same disc written in other ways lists the same files", () => {
  const pathsOf = (name: string) =>
    directoryFiles(readPart10(readData(`${DISC}/${name}`)).dataSet)
      .map(({ path }) => path?.join("/"))
      .sort();
  const expected = pathsOf("DICOMDIR");
  for (const variant of ["DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nopatient", "DICOMDIR-reordered"])
    assert.deepEqual(pathsOf(variant), expected, variant);
  assert.deepEqual(pathsOf("DICOMDIR-empty.dcm"), []);
});

test("an image has no directory records", () => {
  assert.equal(isDirectory(readPart10(readData("dicom/pydicom-small/CT_small.dcm")).dataSet), false);
});

test("a File ID cannot lead out of its folder", () => {
  for (const bad of [
    [],
    [""],
    ["."],
    [".."],
    ["A", "..", "B"],
    ["/etc"],
    ["A/B"],
    ["A\\B"],
    ["C:"],
    ["A\0"],
    ["A\nB"],
    ["-rf"],
    [".HIDDEN"],
    ["A."],
    ["~"],
    ["A".repeat(65)],
    Array.from({ length: 9 }, () => "A"),
  ])
    assert.equal(fileIdComponents(bad), undefined, JSON.stringify(bad));
});

test("File IDs as discs hold them are taken: small letters, dots, long names, padding", () => {
  assert.deepEqual(fileIdComponents(["DICOM", "PAT_1", "IM000001"]), ["DICOM", "PAT_1", "IM000001"]);
  assert.deepEqual(fileIdComponents(["images ", "1.2.840.113619.2.5.dcm"]), ["images", "1.2.840.113619.2.5.dcm"]);
  assert.deepEqual(fileIdComponents(["A".repeat(64)]), ["A".repeat(64)]);
});

test("the first bytes tell archives and DICOMDIRs from everything else", () => {
  const kindOf = (name: string) => mediaKind(readData(name).subarray(0, KIND_BYTES));
  assert.equal(kindOf(`${DISC}/DICOMDIR`), "directory");
  assert.equal(kindOf(`${DISC}/TINY_ALPHA/DICOMDIR`), "directory");
  assert.equal(kindOf("dicom/pydicom-small/CT_small.dcm"), "other");
  assert.equal(mediaKind(Buffer.from("PK\x03\x04rest", "latin1")), "zip");
  assert.equal(mediaKind(Buffer.from("PK\x05\x06", "latin1")), "zip");
  assert.equal(mediaKind(Buffer.alloc(0)), "other");
  for (const path of filesBelow("dicom/mr-fruit")) assert.equal(kindOf(path.slice(path.indexOf("dicom/"))), "other");
});

test("DICOM with an archive's signature in its preamble stays DICOM", () => {
  const file = Buffer.from(readData("dicom/pydicom-small/CT_small.dcm"));
  file.write("PK\x03\x04", 0, "latin1");
  assert.equal(mediaKind(file), "other");
});

test("viewers and leftovers are known by their names, images are not", () => {
  for (const name of [
    "AUTORUN.INF",
    "viewer/ViewerX.EXE",
    "a/Thumbs.db",
    "__MACOSX/._IM1",
    "README.TXT",
    "x/index.html",
  ])
    assert.ok(isCompanion(name), name);
  for (const name of ["DICOM/IM000001", "1.2.840.113619.2", "image.dcm", "exe", "scan.ima", "INF"])
    assert.ok(!isCompanion(name), name);
});
