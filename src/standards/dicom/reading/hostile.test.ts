import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { Fault, type FaultCode } from "#kit/fault.ts";
import { concat } from "#standards/dicom/concat.ts";
import { inspect } from "#standards/dicom/inspect.ts";
import { dataSetReader, Part10Reader, readPart10 } from "#standards/dicom/read.ts";
import { fileMetaBytes } from "#standards/dicom/write.ts";
import { DATA, filesBelow, nameOf } from "../../../../test/support/data.ts";
import { header, item } from "../../../../test/support/hostile.ts";

const EXPLICIT = "1.2.840.10008.1.2.1";
const MIB = 1024 * 1024;
const vectors = new Map(
  readFileSync(join(import.meta.dirname, "../../../../test/vectors/dicom-malformed.tsv"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = "", outcome = "", place = ""] = line.split("\t");
      return [name, { outcome, place }];
    }),
);

const front = (transferSyntaxUid: string) =>
  fileMetaBytes({ sopClassUid: "1.2.840.10008.5.1.4.1.1.7", sopInstanceUid: "1.2.3", transferSyntaxUid });

const times = (count: number, bytes: Uint8Array) => Array.from({ length: count }, () => bytes);

function refused(code: FaultCode, run: () => unknown, message: RegExp = /./): void {
  assert.throws(run, (thrown) => {
    assert.ok(thrown instanceof Fault, String(thrown));
    assert.equal(thrown.code, code);
    assert.match(thrown.message, message);
    return true;
  });
}

test("every malformed sample file is read or refused as the vectors say, in under 5 s and 64 MiB for all of them", () => {
  const files = filesBelow("malformed").map((path) => ({
    name: nameOf(path),
    file: new Uint8Array(readFileSync(path)),
  }));
  const from = performance.now();
  const before = process.memoryUsage().rss;
  for (const { name, file } of files) {
    const told = { outcome: "read", place: "" };
    try {
      readPart10(file);
    } catch (thrown) {
      assert.ok(thrown instanceof Fault, `${name}: ${String(thrown)}`);
      told.outcome = thrown.code;
      told.place = thrown.place ?? "";
    }
    assert.deepEqual(told, vectors.get(name), name);
  }
  assert.ok(performance.now() - from < 5000);
  assert.ok(process.memoryUsage().rss - before < 64 * MIB);
  assert.equal(files.length, vectors.size);
});

test("a refusal names the element and where it stands, never its value", () => {
  const file = concat([front(EXPLICIT), header(0x00100010, "PN", 60), new TextEncoder().encode("Secret^Person")]);
  refused(
    "dicom.malformed",
    () => readPart10(file),
    /^\(0010,0010\) Patient's Name at offset \d+ says 60 bytes, 13 are left$/,
  );
});

test("a declared length of 4 GB allocates nothing, with and without a known total", () => {
  const file = concat([front(EXPLICIT), header(0x00091001, "UT", 0xfffffffe), new Uint8Array(100)]);
  refused("dicom.malformed", () => readPart10(file), /says 4294967294 bytes, 100 are left/);
  const before = process.memoryUsage().rss;
  const reader = new Part10Reader();
  reader.write(file);
  refused("dicom.malformed", () => reader.end(), /cut off/);
  assert.ok(process.memoryUsage().rss - before < 16 * MIB);
});

test("a value that claims 1 MiB and sends 10 bytes holds 4 KiB at most", () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 200 }, () => {
    const reader = dataSetReader({ transferSyntax: EXPLICIT });
    reader.write(header(0x00104000, "UT", MIB));
    reader.write(new Uint8Array(10));
    return reader;
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 * MIB);
  for (const reader of readers) refused("dicom.malformed", () => reader.end());
});

test("64 nested sequences are read and 65 are too deep, of defined and of undefined length", () => {
  const nested = (depth: number) => {
    const opening = concat([header(0x00081140, "SQ", 0xffffffff), item(0xfffee000, 0xffffffff)]);
    const closing = concat([item(0xfffee00d, 0), item(0xfffee0dd, 0)]);
    return concat([...times(depth, opening), ...times(depth, closing)]);
  };
  assert.equal(readPart10(nested(64), { transferSyntax: EXPLICIT }).dataSet.elements.size, 1);
  refused("dicom.too-deep", () => readPart10(nested(65), { transferSyntax: EXPLICIT }), /nested deeper than 64/);
  refused("dicom.too-deep", () => readPart10(nested(100_000), { transferSyntax: EXPLICIT }));
});

test("an inflate bomb is stopped by its ratio and by the budget", () => {
  const zeros = deflateRawSync(concat([header(0x00191001, "OB", 0x7ffffffe), new Uint8Array(200 * MIB)]), { level: 9 });
  const bomb = concat([front("1.2.840.10008.1.2.1.99"), zeros]);
  const before = process.memoryUsage().rss;
  refused("input.too-large", () => readPart10(bomb, { limits: { inflatedFree: MIB } }), /grows beyond/);
  refused("input.too-large", () => readPart10(bomb, { limits: { inflated: 2 * MIB } }), /grows beyond/);
  assert.ok(process.memoryUsage().rss - before < 64 * MIB);
});

test("a deflated stream that ends early, or is none, is refused", () => {
  const deflated = deflateRawSync(concat([header(0x00080060, "CS", 2), new TextEncoder().encode("CT")]));
  const file = (body: Uint8Array) => concat([front("1.2.840.10008.1.2.1.99"), body]);
  assert.equal(readPart10(file(deflated)).dataSet.elements.size, 1);
  refused("dicom.malformed", () => readPart10(file(deflated.subarray(0, 4))));
  refused("dicom.malformed", () => readPart10(file(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff))));
});

test("floods of elements, items and fragments end at their limits", () => {
  const element = (at: number) => header(0x00110000 + at, "LO", 0);
  const elements = concat(Array.from({ length: 2000 }, (_, at) => element(at + 0x1000)));
  refused("input.too-large", () => readPart10(elements, { transferSyntax: EXPLICIT, limits: { elements: 1000 } }));
  const items = concat([header(0x00081140, "SQ", 0xffffffff), ...times(2000, item(0xfffee000, 0))]);
  refused("input.too-large", () => readPart10(items, { transferSyntax: EXPLICIT, limits: { elements: 1000 } }));
  const fragments = concat([header(0x7fe00010, "OB", 0xffffffff), ...times(2000, item(0xfffee000, 0))]);
  refused("input.too-large", () =>
    readPart10(fragments, { transferSyntax: "1.2.840.10008.1.2.4.50", limits: { fragments: 1000 } }),
  );
});

test("a flood of elements of the data set's own, of one item's, or below private sequences, ends sooner than what has thousands of items", () => {
  const read = (bytes: Uint8Array) => readPart10(bytes, { transferSyntax: EXPLICIT, limits: { own: 100 } });
  const elements = (count: number) => Array.from({ length: count }, (_, at) => header(0x00111000 + at, "LO", 0));
  assert.equal(read(concat(elements(100))).dataSet.elements.size, 100);
  refused("input.too-large", () => read(concat(elements(101))), /^\(0011,1064\).*more than the 100 elements allowed/);
  const open = (tag: number) => [header(tag, "SQ", 0xffffffff), item(0xfffee000, 0xffffffff)];
  const close = [item(0xfffee00d, 0), item(0xfffee0dd, 0)];
  for (const sequence of [0x00081140, 0x52009230])
    refused("input.too-large", () => read(concat([...open(sequence), ...elements(101), ...close])));
  const items = (tag: number, count: number) => {
    const each = [item(0xfffee000, 0xffffffff), ...elements(9), item(0xfffee00d, 0)];
    return concat([
      header(tag, "SQ", 0xffffffff),
      ...Array.from({ length: count }, () => each).flat(),
      item(0xfffee0dd, 0),
    ]);
  };
  for (const tag of [0x52009230, 0x30060039, 0x0040a730]) // frames, contours, content items
    assert.equal((read(items(tag, 500)).dataSet.get(tag) as { items?: unknown[] }).items?.length, 500);
  refused("input.too-large", () => read(items(0x00111001, 11)));
});

test("beyond the total that may be kept, long values stay where they are", () => {
  const value = (at: number) => concat([header(0x00110000 + at, "UT", 1000), new Uint8Array(1000).fill(0x41)]);
  const bytes = concat(Array.from({ length: 30 }, (_, at) => value(0x1000 + at)));
  const { dataSet } = readPart10(bytes, { transferSyntax: EXPLICIT, limits: { keepTotal: 10_000 } });
  const kinds = [...dataSet].map((element) => element.is);
  assert.equal(kinds.filter((kind) => kind === "value").length, 10);
  assert.equal(kinds.filter((kind) => kind === "range").length, 20);
});

test("the same attribute twice, meta information in a data set and strays between elements are refused", () => {
  const twice = concat([header(0x00100020, "LO", 0), header(0x00100020, "LO", 0)]);
  refused("dicom.malformed", () => readPart10(twice, { transferSyntax: EXPLICIT }), /stands twice/);
  const meta = concat([header(0x00080060, "CS", 0), header(0x00020010, "UI", 0)]);
  refused("dicom.malformed", () => readPart10(meta, { transferSyntax: EXPLICIT }), /file meta information inside/);
  const stray = concat([header(0x00080060, "CS", 0), item(0xfffee00d, 0)]);
  refused("dicom.malformed", () => readPart10(stray, { transferSyntax: EXPLICIT }), /stands where an element should/);
});

test("zeros behind a data set are taken as padding, anything else there is refused", () => {
  const element = concat([header(0x00080060, "CS", 2), new TextEncoder().encode("CT")]);
  const padded = readPart10(concat([element, new Uint8Array(500)]), { transferSyntax: EXPLICIT });
  assert.equal(padded.trailingZeros, 500);
  assert.equal(padded.dataSet.elements.size, 1);
  const dirty = concat([element, new Uint8Array(500), Uint8Array.of(1)]);
  refused("dicom.malformed", () => readPart10(dirty, { transferSyntax: EXPLICIT }), /behind the end/);
});

test("what is no DICOM is said to be none, with the reason", () => {
  for (const [text, reason] of [
    ["", /0 bytes are too few/],
    ["%PDF-1.7 and so on, for a while, until it is long enough to be looked at", /no DICM mark/],
    ["PK\u0003\u0004 a ZIP file or something like one, which is no DICOM file either", /no DICM mark/],
  ] as const) {
    const bytes = new TextEncoder().encode(text);
    const found = inspect(bytes);
    assert.equal(found.is, "not-dicom");
    refused("dicom.not-dicom", () => readPart10(bytes), reason);
  }
});

test("a file without preamble, and a data set that happens to have DICM at byte 128, are known for what they are", () => {
  const bare = new Uint8Array(readFileSync(join(DATA, "malformed/dcm4che/no_preamble_dicm_in_data")));
  assert.equal(inspect(bare).is, "bare-data-set");
  const part10 = new Uint8Array(readFileSync(join(DATA, "dicom/pydicom-small/CT_small.dcm")));
  assert.deepEqual(inspect(part10.subarray(128)), { is: "part-10", metaAt: 4 });
  assert.deepEqual(inspect(part10.subarray(132)), { is: "part-10", metaAt: 0 });
});

test("the DICOM core runs in browsers: nothing in it imports from Node or speaks of Buffer", () => {
  const folder = join(import.meta.dirname, "..");
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?<!\.test)\.ts$/.test(name),
  );
  assert.ok(sources.length > 20);
  for (const name of sources) {
    const source = readFileSync(join(folder, name), "utf8").replace(/\/\/.*/g, "");
    assert.doesNotMatch(source, /from "node:|\bBuffer\b|\bprocess\./, name);
  }
});
