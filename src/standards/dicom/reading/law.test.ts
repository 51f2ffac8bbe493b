import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { Fault } from "#kit/fault.ts";
import { Inflater } from "#standards/dicom/inflate.ts";
import { toJson } from "#standards/dicom/json.ts";
import { Part10Reader, type ReadResult, readPart10 } from "#standards/dicom/read.ts";
import { dataSetPieces, dataSetPiecesAsRead, fileMetaAsRead, joinPieces } from "#standards/dicom/write.ts";
import { filesBelow, nameOf } from "../../../../test/support/data.ts";

/** Files that no reader reads, with the reason; they are refused, and that is asserted too. */
const REFUSED: Record<string, string> = {
  "dicom/misc/GH626.dcm": "a private sequence says 256 bytes and has 260, so that what follows cannot be found",
};
const valid = [...filesBelow("dicom"), ...filesBelow("charset")].filter((path) => REFUSED[nameOf(path)] === undefined);

const bulkDataUri = (path: string) => path;
/** Everything a read says, in a form that can be compared. */
const told = ({ dataSet, meta, frameIndex, pixelData, dataSetOffset, bytesRead, transferSyntax }: ReadResult) =>
  JSON.stringify([
    toJson(dataSet, { bulkDataUri }),
    toJson(meta, {}),
    frameIndex,
    pixelData,
    dataSetOffset,
    bytesRead,
    transferSyntax.uid,
  ]);

function readInChunks(file: Uint8Array, sizes: Iterable<number>): ReadResult {
  const reader = new Part10Reader();
  let at = 0;
  for (const size of sizes) {
    if (at >= file.length) break;
    const chunk = file.slice(at, at + size);
    reader.write(chunk);
    chunk.fill(0xee); // the reader must not hold on to what it was lent
    at += size;
  }
  if (at < file.length) reader.write(file.subarray(at));
  return reader.end();
}

function* always(size: number): Generator<number> {
  for (;;) yield size;
}

test("every valid sample file is written back byte for byte, deflated ones after inflation", () => {
  for (const path of valid) {
    const file = new Uint8Array(readFileSync(path));
    const read = readPart10(file);
    const front = fileMetaAsRead(read.preamble, read.meta);
    assert.deepEqual(front, file.subarray(0, read.dataSetOffset), `${nameOf(path)}: front`);
    const source = read.inflated ? new Uint8Array(inflateRawSync(file.subarray(read.dataSetOffset))) : file;
    const body = joinPieces(dataSetPiecesAsRead(read.dataSet), source);
    const expected = source.subarray(read.inflated ? 0 : read.dataSetOffset, source.length - read.trailingZeros);
    assert.ok(Buffer.compare(body, expected) === 0, `${nameOf(path)}: data set`);
  }
});

test("every valid sample file reads the same whole, and in chunks of 1021, 4096 and 65536 bytes", () => {
  for (const path of valid) {
    const file = new Uint8Array(readFileSync(path));
    const whole = told(readPart10(file));
    for (const size of [1021, 4096, 65536]) {
      assert.equal(told(readInChunks(file, always(size))), whole, `${nameOf(path)} in chunks of ${size}`);
    }
  }
});

test("every valid sample file reads the same byte by byte in its first 64 KiB", () => {
  for (const path of valid) {
    const file = new Uint8Array(readFileSync(path));
    if (file.length > 300_000) continue;
    const sizes = Array.from({ length: 65_536 }, () => 1);
    assert.equal(told(readInChunks(file, sizes)), told(readPart10(file)), nameOf(path));
  }
});

test("random cuts change nothing", () => {
  const small = valid.filter((path) => readFileSync(path).length < 200_000);
  const cuts = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(fc.constantFrom(...small), cuts, (path, sizes) => {
      const file = new Uint8Array(readFileSync(path));
      assert.equal(told(readInChunks(file, sizes)), told(readPart10(file)), nameOf(path));
    }),
    { numRuns: 150 },
  );
});

test("a file cut anywhere is refused or read, but never crashes with anything but a Fault", () => {
  const small = valid.filter((path) => readFileSync(path).length < 60_000);
  fc.assert(
    fc.property(fc.constantFrom(...small), fc.double({ min: 0, max: 1, noNaN: true }), (path, share) => {
      const file = new Uint8Array(readFileSync(path));
      faultOrResult(() => readPart10(file.subarray(0, Math.floor(file.length * share))));
    }),
    { numRuns: 400 },
  );
});

test("bytes changed anywhere end in a Fault or a result", () => {
  const small = valid.filter((path) => readFileSync(path).length < 60_000);
  const changes = fc.array(fc.tuple(fc.nat(60_000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...small), changes, (path, edits) => {
      const file = new Uint8Array(readFileSync(path));
      for (const [at, byte] of edits) if (at < file.length) file[at] = byte;
      const read = faultOrResult(() => readPart10(file));
      if (read !== undefined) faultOrResult(() => toJson(read.dataSet, { bulkDataUri }));
    }),
    { numRuns: 400 },
  );
});

function faultOrResult<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code !== "internal") return undefined;
    throw thrown;
  }
}

test("a data set transcoded between implicit, explicit and big endian keeps its values", () => {
  const syntaxes = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"];
  let compared = 0;
  for (const path of valid) {
    const file = new Uint8Array(readFileSync(path));
    const read = readPart10(file);
    if (read.transferSyntax.encapsulated || read.inflated || file.length > 600_000) continue;
    const { explicit, bigEndian } = read.dataSet.encoding;
    if (!explicit || bigEndian) continue; // private VRs get lost in implicit VR, by its nature
    for (const syntax of syntaxes) {
      const there = joinPieces(dataSetPieces(read.dataSet, syntax), file);
      const again = readPart10(there, { transferSyntax: syntax });
      const back = joinPieces(dataSetPieces(again.dataSet, "1.2.840.10008.1.2.1"), there);
      const final = readPart10(back, { transferSyntax: "1.2.840.10008.1.2.1" });
      if (syntax !== "1.2.840.10008.1.2") {
        assert.deepEqual(toJson(final.dataSet, { bulkDataUri }), toJson(read.dataSet, { bulkDataUri }), nameOf(path));
      }
      assert.equal(final.dataSet.elements.size, read.dataSet.elements.size, nameOf(path));
      compared += 1;
    }
  }
  assert.ok(compared > 300, `${compared} compared`);
});

test("the files that are refused are refused with the element and offset", () => {
  for (const name of Object.keys(REFUSED)) {
    const file = new Uint8Array(readFileSync(filesBelow("dicom").find((path) => nameOf(path) === name) ?? ""));
    assert.throws(
      () => readPart10(file),
      (thrown) => thrown instanceof Fault && /\([0-9A-F]{4},[0-9A-F]{4}\).* at offset \d+/.test(thrown.message),
    );
  }
});

test("the inflater agrees with zlib on anything zlib deflates, in any cut", async () => {
  const { deflateRawSync, constants } = await import("node:zlib");
  const strategies = [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE];
  const repeated = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 }));
  fc.assert(
    fc.property(
      repeated,
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(...strategies),
      fc.integer({ min: 1, max: 999 }),
      ([seed, times], level, strategy, cut) => {
        const original = Buffer.concat(Array.from({ length: times }, () => seed));
        const deflated = deflateRawSync(original, { level, strategy });
        const parts: Uint8Array[] = [];
        const inflater = new Inflater(
          (part) => parts.push(part),
          () => {},
        );
        for (let at = 0; at < deflated.length; at += cut) inflater.push(deflated.subarray(at, at + cut));
        inflater.finish();
        assert.ok(original.equals(Buffer.concat(parts)));
      },
    ),
    { numRuns: 300 },
  );
});
