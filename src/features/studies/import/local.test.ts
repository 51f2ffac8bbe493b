import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { localFiles } from "#features/studies/import/local.ts";
import { Fault } from "#kit/fault.ts";
import { DATA, readData } from "../../../../test/support/data.ts";
import { zipOf } from "../../../../test/support/zip.ts";

const DISC = join(DATA, "media/pydicom-dicomdirtests/TINY_ALPHA");
const CT = readData("dicom/pydicom-small/CT_small.dcm");
const root = realpathSync(mkdtempSync(join(tmpdir(), "safelight-local-")));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function aFolder(): string {
  const path = join(root, String(++folders));
  mkdirSync(path);
  return path;
}

/** Each found file with its first two bytes or why it is none; a Fault of the whole comes last. */
async function found(path: string): Promise<[string, string][]> {
  const list: [string, string][] = [];
  try {
    for await (const file of localFiles(path)) {
      if (!("open" in file)) list.push([file.name, `${file.outcome} ${file.code}`]);
      else {
        let bytes = 0;
        for await (const piece of file.open()) bytes += piece.length;
        list.push([file.name, `${bytes} bytes`]);
      }
    }
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    list.push(["(path)", thrown.code]);
  }
  return list;
}

test("a file, and everything below a folder, in the order of names", async () => {
  const folder = aFolder();
  mkdirSync(join(folder, "b/c"), { recursive: true });
  for (const name of ["a", "b/c/2", "b/1", "z"]) writeFileSync(join(folder, name), CT);
  assert.deepEqual(await found(join(folder, "a")), [["a", `${CT.length} bytes`]]);
  assert.deepEqual(
    (await found(folder)).map(([name]) => name),
    ["a", "z", "b/1", "b/c/2"],
  );
});

test("links below a folder are not followed, neither to files nor to folders nor around in a circle", async () => {
  const [folder, outside] = [aFolder(), aFolder()];
  writeFileSync(join(outside, "secret"), CT);
  symlinkSync(join(outside, "secret"), join(folder, "file"));
  symlinkSync(outside, join(folder, "folder"));
  symlinkSync(folder, join(folder, "circle"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
  assert.deepEqual(
    await found(folder),
    ["circle", "file", "folder", "pipe"].map((name) => [name, "ignored ignored.link"]),
  );
});

test("a pipe, a path that is not there: said at once, never waited for", async () => {
  const folder = aFolder();
  execFileSync("mkfifo", [join(folder, "pipe")]);
  assert.deepEqual(await found(join(folder, "pipe")), [["(path)", "input.invalid"]]);
  assert.deepEqual(await found(join(folder, "nothing")), [["(path)", "input.invalid"]]);
});

test("an archive by itself or in a folder gives its files; a damaged one is a finding among others", async () => {
  const folder = aFolder();
  writeFileSync(join(folder, "disc.zip"), await zipOf({ "DICOM/1": CT, "DICOM/2": CT }));
  writeFileSync(join(folder, "not.zip"), "words, not an archive");
  writeFileSync(join(folder, "broken.ZIP"), (await zipOf({ x: CT })).subarray(0, 5000));
  assert.deepEqual(await found(join(folder, "disc.zip")), [
    ["DICOM/1", `${CT.length} bytes`],
    ["DICOM/2", `${CT.length} bytes`],
  ]);
  assert.deepEqual(await found(folder), [
    ["broken.ZIP", "refused input.invalid"],
    ["disc.zip/DICOM/1", `${CT.length} bytes`],
    ["disc.zip/DICOM/2", `${CT.length} bytes`],
    ["not.zip", "21 bytes"],
  ]);
});

test("a DICOMDIR gives the files that it lists, whatever the letter case they were copied in", async () => {
  const whole = await found(join(DISC, "DICOMDIR"));
  assert.equal(whole.length, 50);
  assert.ok(whole.every(([name, what]) => name.startsWith("PT000000/ST000000/SE000000/IM") && what.endsWith("bytes")));
  const copy = aFolder();
  cpSync(DISC, copy, { recursive: true });
  renameSync(join(copy, "PT000000"), join(copy, "pt000000"));
  renameSync(join(copy, "pt000000/ST000000/SE000000/IM000001"), join(copy, "pt000000/ST000000/SE000000/im000001.dcm"));
  assert.deepEqual(await found(join(copy, "DICOMDIR")), whole);
});

test("what a DICOMDIR lists but is not there is told; what it lists through a link is not read", async () => {
  const [copy, outside] = [aFolder(), aFolder()];
  cpSync(DISC, copy, { recursive: true });
  const series = join(copy, "PT000000/ST000000/SE000000");
  rmSync(join(series, "IM000000"));
  renameSync(join(series, "IM000001"), join(outside, "IM000001"));
  symlinkSync(join(outside, "IM000001"), join(series, "IM000001"));
  const lost = (await found(join(copy, "DICOMDIR"))).filter(([, what]) => !what.endsWith("bytes"));
  assert.deepEqual(lost, [
    ["PT000000/ST000000/SE000000/IM000000", "refused file.missing"],
    ["PT000000/ST000000/SE000000/IM000001", "refused file.missing"],
  ]);
  renameSync(join(copy, "PT000000"), join(outside, "PT000000"));
  symlinkSync(join(outside, "PT000000"), join(copy, "PT000000"));
  assert.ok((await found(join(copy, "DICOMDIR"))).every(([, what]) => what === "refused file.missing"));
});

test("a DICOMDIR whose File IDs lead out of its folder is refused there", async () => {
  const copy = aFolder();
  cpSync(DISC, copy, { recursive: true });
  const dicomdir = Buffer.from(readData("media/pydicom-dicomdirtests/TINY_ALPHA/DICOMDIR"));
  const at = dicomdir.indexOf("PT000000\\ST000000");
  dicomdir.write("..\\..\\.", at, "latin1");
  writeFileSync(join(copy, "DICOMDIR"), dicomdir);
  const all = await found(join(copy, "DICOMDIR"));
  assert.equal(all.length, 50);
  assert.equal(all.filter(([, what]) => what === "refused input.invalid").length, 1);
});
