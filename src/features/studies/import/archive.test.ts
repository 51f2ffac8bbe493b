import assert from "node:assert/strict";
import { test } from "node:test";
import type { UploadedFile } from "#contract/studies.ts";
import { archiveFiles } from "#features/studies/import/archive.ts";
import { ARCHIVE_LIMITS } from "#features/studies/import/archive-limits.ts";
import type { Ranges } from "#features/studies/import/range-reader.ts";
import { Fault } from "#kit/fault.ts";
import { type HandMade, handMadeZip, zipOf } from "../../../../test/support/zip.ts";

const rangesOf = (bytes: Buffer, close?: () => Promise<void>): Ranges => ({
  bytes: bytes.length,
  async *range(start, end) {
    for (let at = start; at < end; at += 4096) yield bytes.subarray(at, Math.min(at + 4096, end));
  },
  ...(close ? { close } : {}),
});

type Taken = { name: string; content: Buffer } | { name: string; fault: string } | UploadedFile;

/** Reads everything in an archive; a Fault of the archive itself is the last thing told. */
async function takeAll(archive: Buffer, limits = ARCHIVE_LIMITS): Promise<Taken[]> {
  const taken: Taken[] = [];
  try {
    for await (const file of archiveFiles(rangesOf(archive), limits))
      taken.push("open" in file ? await contentOf(file) : file);
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    taken.push({ name: "(archive)", fault: thrown.code });
  }
  return taken;
}

async function contentOf({ name, open }: { name: string; open: () => AsyncIterable<Uint8Array> }): Promise<Taken> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of open()) pieces.push(piece);
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    return { name, fault: thrown.code };
  }
  return { name, content: Buffer.concat(pieces) };
}

const FILE = Buffer.from("the content of a file ".repeat(400));
const good = (name: string): HandMade => ({ name, content: FILE });

test("the files of an archive come with their content, folders do not", async () => {
  const archive = await zipOf({ "a/one": FILE, "Łódź/två": Buffer.of(1, 2, 3), empty: Buffer.alloc(0) });
  assert.deepEqual(await takeAll(archive), [
    { name: "a/one", content: FILE },
    { name: "Łódź/två", content: Buffer.of(1, 2, 3) },
    { name: "empty", content: Buffer.alloc(0) },
  ]);
});

test("names that lead elsewhere are refused and the others go on", async () => {
  const bad = [
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "C:/x",
    "a\\..\\b",
    "a/../../b",
    "..",
    "nul\0",
    "x".repeat(1025),
  ];
  const archive = handMadeZip([...bad.map(good), good("fine")]);
  const taken = await takeAll(archive);
  for (const [at, name] of bad.entries())
    assert.deepEqual(
      taken[at],
      { name, outcome: "refused", code: "input.invalid", message: "The file's name in the archive leads out of it." },
      name,
    );
  assert.deepEqual(taken.at(-1), { name: "fine", content: FILE });
});

test("links, devices, locked files and unknown packings are refused and the others go on", async () => {
  const archive = handMadeZip([
    { ...good("link"), claims: { attributes: (0o120777 << 16) >>> 0 } },
    { ...good("pipe"), claims: { attributes: (0o010644 << 16) >>> 0 } },
    { ...good("locked"), claims: { flags: 1 } },
    { ...good("lzma"), claims: { method: 14 } },
    { ...good("regular"), claims: { attributes: (0o100644 << 16) >>> 0 } },
  ]);
  const taken = await takeAll(archive);
  assert.deepEqual(
    taken.map((one) => ("outcome" in one ? one.code : "taken")),
    ["input.invalid", "input.invalid", "input.invalid", "input.invalid", "taken"],
  );
});

test("sizes and checksums that a directory claims are not believed", async () => {
  for (const claims of [{ size: 1 }, { size: 0xfffffff0 }, { crc: 0 }]) {
    for (const stored of [false, true]) {
      const taken = await takeAll(handMadeZip([{ ...good("liar"), stored, claims }, good("fine")]));
      assert.deepEqual(taken[0], { name: "liar", fault: "dicom.malformed" }, JSON.stringify({ claims, stored }));
      assert.deepEqual(taken[1], { name: "fine", content: FILE });
    }
  }
});

test("a packed length beyond the archive's end is refused", async () => {
  const taken = await takeAll(handMadeZip([{ ...good("far"), claims: { packed: 0x7ffffff0 } }]));
  assert.ok("fault" in (taken[0] ?? {}), JSON.stringify(taken));
});

test("a bomb stops when it has grown a hundred times, after what is free", async () => {
  const limits = { ...ARCHIVE_LIMITS, freeOfEntry: 100_000, freeOfArchive: 10_000_000 };
  const bomb = { name: "bomb", content: Buffer.alloc(5_000_000) };
  const taken = await takeAll(handMadeZip([bomb, good("fine")]), limits);
  assert.deepEqual(taken, [
    { name: "bomb", fault: "input.too-large" },
    { name: "fine", content: FILE },
  ]);
});

test("many small bombs together end the archive", async () => {
  const limits = { ...ARCHIVE_LIMITS, freeOfEntry: 1_000_000, freeOfArchive: 3_000_000 };
  const bombs = Array.from({ length: 9 }, (_, at) => ({ name: `bomb ${at}`, content: Buffer.alloc(900_000) }));
  const taken = await takeAll(handMadeZip([...bombs, good("after")]), limits);
  const faults = taken.filter((one) => "fault" in one);
  assert.deepEqual(faults.at(-1), { name: "(archive)", fault: "input.too-large" });
  assert.ok(!taken.some((one) => one.name === "after"));
});

test("what packs well without being a bomb is taken whole", async () => {
  const blank = Buffer.alloc(20 * 1024 * 1024);
  const [taken] = await takeAll(handMadeZip([{ name: "blank", content: blank }]));
  assert.equal(taken && "content" in taken && taken.content.length, blank.length);
});

test("an archive with more files than allowed is refused at once", async () => {
  const archive = handMadeZip([good("1"), good("2"), good("3")]);
  assert.deepEqual(await takeAll(archive, { ...ARCHIVE_LIMITS, entries: 2 }), [
    { name: "(archive)", fault: "input.too-large" },
  ]);
});

test("a directory that claims more files than it has is found out", async () => {
  const taken = await takeAll(handMadeZip([good("1")], 40_000));
  assert.deepEqual(taken.at(-1), { name: "(archive)", fault: "input.invalid" });
});

test("an archive cut anywhere ends in a Fault, never in a crash", async () => {
  const archive = await zipOf({ one: FILE, two: FILE });
  for (let length = 0; length < archive.length; length += 7) {
    const taken = await takeAll(archive.subarray(0, length));
    assert.deepEqual(taken, [{ name: "(archive)", fault: "input.invalid" }], `${length} bytes`);
  }
});

test("an archive with any byte changed gives its files as they were or refuses", async () => {
  const archive = await zipOf({ one: FILE, two: FILE });
  for (let at = 0; at < archive.length; at++) {
    const changed = Buffer.from(archive);
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    for (const one of await takeAll(changed)) if ("content" in one) assert.ok(one.content.equals(FILE), `byte ${at}`);
  }
});

test("the archive is let go of once, also when nobody reads to its end", async () => {
  const archive = await zipOf({ one: FILE, two: FILE });
  let closed = 0;
  const source = rangesOf(archive, () => Promise.resolve(void closed++));
  for await (const file of archiveFiles(source)) {
    if ("open" in file) for await (const _ of file.open()) break;
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(closed, 1);
  const broken = rangesOf(Buffer.from("PK no archive"), () => Promise.resolve(void closed++));
  await assert.rejects(async () => {
    for await (const _ of archiveFiles(broken));
  });
  assert.equal(closed, 2);
});
