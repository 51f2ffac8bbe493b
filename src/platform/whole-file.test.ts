import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { halfOf, placeFile, removeHalves } from "#platform/whole-file.ts";

const root = mkdtempSync(join(tmpdir(), "safelight-whole-"));
after(() => rmSync(root, { recursive: true }));
const folderFor = (name: string): string => mkdtempSync(join(root, name));

test("a file is put in place with its mode, and one that is there stays unless it is to be replaced", async () => {
  const path = join(folderFor("place-"), "a.note");
  assert.equal(await placeFile(path, "first", { mode: 0o400 }), true);
  assert.equal(statSync(path).mode & 0o777, 0o400);
  assert.equal(await placeFile(path, "second", { mode: 0o400 }), false);
  assert.equal(readFileSync(path, "utf8"), "first");
  assert.equal(await placeFile(path, "third", { mode: 0o600, replace: true }), true);
  assert.equal(readFileSync(path, "utf8"), "third");
  assert.deepEqual(readdirSync(join(path, "..")), ["a.note"]);
});

test("of many who put a file in place at once one succeeds, and its bytes are there whole", async () => {
  const path = join(folderFor("race-"), "key");
  const texts = Array.from({ length: 20 }, (_, at) => String(at).repeat(10_000));
  const placed = await Promise.all(texts.map((text) => placeFile(path, text, { mode: 0o600 })));
  assert.equal(placed.filter(Boolean).length, 1);
  assert.equal(readFileSync(path, "utf8"), texts[placed.indexOf(true)]);
  assert.deepEqual(readdirSync(join(path, "..")), ["key"]);
});

test("a program that is killed while it puts files in place leaves whole ones only, and the next removes its halves", async () => {
  const folder = folderFor("killed-");
  const code = `
    import { placeFile } from "#platform/whole-file.ts";
    for (let at = 0; ; at++) {
      await placeFile(process.argv[1] + "/" + at, "x".repeat(2_000_000), { mode: 0o600 });
      process.stdout.write(".");
    }`;
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", code, folder], {
      cwd: join(import.meta.dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    for (let seen = 0; seen < 2 + round; seen++) await once(child.stdout, "data");
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    for (const name of readdirSync(folder).filter((one) => !one.includes(".")))
      assert.equal(statSync(join(folder, name)).size, 2_000_000, name);
    removeHalves(folder);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes(".")),
      [],
    );
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  }
});

test("what somebody alive is making stays, what a former process of our number left goes", async () => {
  const folder = folderFor("halves-");
  const path = join(folder, "thing");
  const ours = halfOf(path);
  const left = `${path}.${process.pid}.00000000`;
  const alive = `${path}.${process.ppid}.00000000`;
  for (const name of [ours, left, alive]) writeFileSync(name, "");
  utimesSync(left, 1, 1);
  removeHalves(folder);
  assert.deepEqual(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .sort(),
    [ours, alive].sort(),
  );
});
