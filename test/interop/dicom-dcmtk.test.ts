import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { dataSetOf } from "#standards/dicom/build.ts";
import { concat } from "#standards/dicom/concat.ts";
import { encapsulatedElement } from "#standards/dicom/encode-values.ts";
import { readPart10 } from "#standards/dicom/read.ts";
import { TAGS } from "#standards/dicom/tags.ts";
import { EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { text } from "#standards/dicom/values.ts";
import { dataSetPieces, encapsulate, fileMetaBytes, joinPieces, writePart10 } from "#standards/dicom/write.ts";
import { filesBelow, nameOf } from "../support/data.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-dcmtk-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, ...given: string[]): { status: number | null; out: string } {
  const { status, stdout, stderr, error } = spawnSync(command, given, { encoding: "utf8", maxBuffer: 2 ** 28 });
  assert.equal(error, undefined, `${command} is needed (apt install dcmtk)`);
  return { status, out: stdout + stderr };
}

/** DCMTK reads the whole file without an error or a warning, and knows it for a Part 10 file. */
function accepted(name: string, file: Uint8Array): void {
  const path = join(folder, "file.dcm");
  writeFileSync(path, file);
  const dump = run("dcmdump", "-q", "+fo", path);
  assert.equal(dump.status, 0, `${name}: ${dump.out.slice(0, 400)}`);
  assert.doesNotMatch(dump.out, /^[EW]: /m, name);
  assert.match(run("dcmftest", path).out, /^yes: /, name);
}

test("what we build is a DICOM file to DCMTK, with nested sequences and encapsulated frames", () => {
  const dataSet = dataSetOf({
    SOPClassUID: "1.2.840.10008.5.1.4.1.1.7",
    SOPInstanceUID: "1.2.3",
    PatientName: "Müller^Jörg",
    Rows: 1,
    Columns: 1,
    ReferencedImageSequence: [
      { ReferencedSOPInstanceUID: "1.2", ReferencedImageSequence: [{}, { Modality: "CT" }] },
      {},
    ],
  });
  const meta = { sopClassUid: "1.2.840.10008.5.1.4.1.1.7", sopInstanceUid: "1.2.3", transferSyntaxUid: EXPLICIT_LE };
  accepted("native", writePart10(meta, dataSet));
  dataSet.set(
    encapsulatedElement(TAGS.PixelData, encapsulate([Uint8Array.of(0xff, 0xd8, 0xff), Uint8Array.of(0xff, 0xd8)])),
  );
  accepted("encapsulated", writePart10({ ...meta, transferSyntaxUid: "1.2.840.10008.1.2.4.50" }, dataSet));
});

test("what we rewrite in implicit, explicit and big endian is accepted by DCMTK and says there what the original says", () => {
  let written = 0;
  for (const path of [
    ...filesBelow("dicom/sr"),
    ...filesBelow("dicom/rt"),
    ...filesBelow("dicom/mr-misc"),
    ...filesBelow("dicom/wg04"),
  ]) {
    const file = new Uint8Array(readFileSync(path));
    const read = readPart10(file);
    if (read.transferSyntax.encapsulated || read.inflated || file.length > 3_000_000) continue;
    const original = run("dcmdump", "-q", "+U8", "+R", "60", path);
    if (original.status !== 0 || /^[EW]: /m.test(original.out)) continue;
    for (const transferSyntaxUid of [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE]) {
      const sopClassUid = text(read.dataSet, TAGS.SOPClassUID) ?? "";
      const sopInstanceUid = text(read.dataSet, TAGS.SOPInstanceUID) ?? "";
      const body = joinPieces(dataSetPieces(read.dataSet, transferSyntaxUid), file);
      accepted(
        `${nameOf(path)} in ${transferSyntaxUid}`,
        concat([fileMetaBytes({ sopClassUid, sopInstanceUid, transferSyntaxUid }), body]),
      );
      written += 1;
    }
  }
  assert.ok(written >= 30, `${written} files written`);
});

test("frames of values change their byte order with the syntax: DCMTK converts ours back to the original pixels", () => {
  const path = filesBelow("dicom/ct-lidc-0314")[0] ?? "";
  const file = new Uint8Array(readFileSync(path));
  const read = readPart10(file);
  const meta = {
    sopClassUid: "1.2.840.10008.5.1.4.1.1.2",
    sopInstanceUid: text(read.dataSet, TAGS.SOPInstanceUID) ?? "",
  };
  const big = concat([
    fileMetaBytes({ ...meta, transferSyntaxUid: EXPLICIT_BE }),
    joinPieces(dataSetPieces(read.dataSet, EXPLICIT_BE), file),
  ]);
  const [from, to] = [join(folder, "big.dcm"), join(folder, "little.dcm")];
  writeFileSync(from, big);
  assert.equal(run("dcmconv", "+te", from, to).status, 0);
  const again = new Uint8Array(readFileSync(to));
  const back = readPart10(again);
  const pixels = (bytes: Uint8Array, at: typeof read) =>
    bytes.subarray(at.pixelData?.offset, (at.pixelData?.offset ?? 0) + (at.pixelData?.length ?? 0));
  assert.ok(pixels(file, read).length > 500_000);
  assert.deepEqual(pixels(again, back), pixels(file, read));
});
