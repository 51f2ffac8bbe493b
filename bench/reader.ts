/** How fast the DICOM reader is: large native pixel data in network-sized chunks, and small headers. `node bench/reader.ts` */
import { dataSetOf } from "../src/standards/dicom/build.ts";
import { toJson } from "../src/standards/dicom/json.ts";
import { Part10Reader, readPart10 } from "../src/standards/dicom/read.ts";
import { fileMetaBytes, writePart10 } from "../src/standards/dicom/write.ts";

const CT = "1.2.840.10008.5.1.4.1.1.2";
const EXPLICIT = "1.2.840.10008.1.2.1";
const meta = { sopClassUid: CT, sopInstanceUid: "1.2.3", transferSyntaxUid: EXPLICIT };

function header(elements: number) {
  const extra = Object.fromEntries(
    Array.from({ length: elements }, (_, at) => [`0019${(0x1000 + at).toString(16)}:DS`, at * 1.5]),
  );
  return {
    SOPClassUID: CT,
    SOPInstanceUID: "1.2.3",
    PatientName: "Doe^Jane",
    Modality: "CT",
    Rows: 512,
    Columns: 512,
    BitsAllocated: 16,
    SamplesPerPixel: 1,
    ...extra,
  };
}

const seconds = (from: number) => (performance.now() - from) / 1000;

function pixelRate(chunkSize: number): number {
  const gibibyte = 1024 ** 3;
  const front = writePart10(meta, dataSetOf(header(40)));
  const opening = Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x57, 0, 0, 0, 0, 0, 0x40);
  const chunk = new Uint8Array(chunkSize);
  const from = performance.now();
  const reader = new Part10Reader();
  reader.write(front);
  reader.write(opening);
  for (let sent = 0; sent < gibibyte; sent += chunkSize) reader.write(chunk);
  const result = reader.end();
  if (result.pixelData?.length !== gibibyte) throw new Error("the pixel data was not found");
  return 1024 / seconds(from);
}

function headerRate(elements: number, json: boolean): number {
  const file = writePart10(meta, dataSetOf(header(elements)));
  const rounds = 3000;
  for (let at = 0; at < 500; at++) readPart10(file);
  const from = performance.now();
  for (let at = 0; at < rounds; at++) {
    const read = readPart10(file);
    if (json) JSON.stringify(toJson(read.dataSet));
  }
  return rounds / seconds(from);
}

const lines = [
  `front of a file: ${fileMetaBytes(meta).length} bytes`,
  ...[16_384, 65_536, 1_048_576].map(
    (size) => `native pixel data in chunks of ${size}: ${Math.round(pixelRate(size))} MiB/s`,
  ),
  ...[60, 300].map(
    (count) =>
      `headers of ${count} elements: ${Math.round(headerRate(count, false))}/s, with JSON ${Math.round(headerRate(count, true))}/s`,
  ),
];
process.stdout.write(`${lines.join("\n")}\n`);
