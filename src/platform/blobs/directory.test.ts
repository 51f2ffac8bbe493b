import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { blobLaws } from "../../../test/support/blob-laws.ts";
import { type BlobName, newBlobName } from "./blobs.ts";
import { openDirectory, pathOf } from "./directory.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-blobs-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const newRoot = () => mkdtempSync(join(folder, "store-"));

blobLaws("directory", () => openDirectory({ root: newRoot() }));
blobLaws("directory with one open file", () => openDirectory({ root: newRoot(), openFiles: 1 }));

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
const allKnown = async (names: readonly string[]) => new Set(names);
const noneKnown = async () => new Set<string>();

async function stored(root: string, ages: number[]): Promise<BlobName[]> {
  const blobs = await openDirectory({ root });
  const names = ages.map((age) => newBlobName(Date.now() - age));
  for (const name of names) {
    const writer = await blobs.create(name);
    await writer.write([Buffer.from("x")]);
    await writer.commit();
  }
  await blobs.close();
  return names;
}

const old = (path: string) => utimesSync(path, new Date(Date.now() - 600_000), new Date(Date.now() - 600_000));

test("a name begins with its time, and is random beyond that", () => {
  const names = Array.from({ length: 1000 }, () => newBlobName(0x0190aabbccdd));
  assert.ok(names.every((name) => /^0190aabbccdd7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(name)));
  assert.equal(new Set(names).size, 1000);
});

test("files and folders are their owner's alone", async () => {
  const root = newRoot();
  const [name] = await stored(root, [0]);
  assert.ok(name);
  const path = pathOf(root, name);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
});

test("the sweep removes whole objects without a row, keeps the others, and leaves alone what may still get one", async () => {
  const root = newRoot();
  const [kept, orphan, young] = await stored(root, [0, 0, 0]);
  assert.ok(kept && orphan && young);
  for (const name of [kept, orphan]) old(pathOf(root, name));
  const blobs = await openDirectory({ root });
  assert.deepEqual(await blobs.sweep(async () => new Set([kept])), { removed: 1 });
  assert.deepEqual(await Array.fromAsync(blobs.list()), [kept, young].toSorted());
  await blobs.close();
});

test("the sweep removes what a killed process had half written, and not what a living one is writing", {
  timeout: 60_000,
}, async () => {
  const root = newRoot();
  const program = `
    import { openDirectory } from ${JSON.stringify(join(import.meta.dirname, "directory.ts"))};
    import { newBlobName } from ${JSON.stringify(join(import.meta.dirname, "blobs.ts"))};
    const writer = await (await openDirectory({ root: ${JSON.stringify(root)} })).create(newBlobName());
    await writer.write([Buffer.alloc(2_000_000)]);
    console.log("half");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const blobs = await openDirectory({ root });
  const mine = await blobs.create(newBlobName());
  assert.deepEqual(await blobs.sweep(allKnown), { removed: 0 });
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(await blobs.sweep(allKnown), { removed: 1 });
  await mine.write([Buffer.from("x")]);
  await mine.commit();
  assert.equal(await blobs.size(mine.name), 1);
  await blobs.close();
});

test("a later sweep looks only at folders that can have changed since", async () => {
  const root = newRoot();
  const [ancient] = await stored(root, [10 * 86_400_000]);
  assert.ok(ancient);
  old(pathOf(root, ancient));
  const blobs = await openDirectory({ root });
  const asked: string[] = [];
  const isKnown = async (names: readonly string[]) => {
    asked.push(...names);
    return new Set(names);
  };
  await blobs.sweep(isKnown);
  assert.deepEqual(asked, [ancient]);
  await blobs.sweep(isKnown);
  assert.deepEqual(asked, [ancient]);
  assert.deepEqual(await blobs.sweep(noneKnown), { removed: 0 });
  await blobs.close();
});

test("a disk without room is storage.full, nothing stays behind, and it goes on when there is room", () => {
  const root = newRoot();
  const program = `
    import { openDirectory } from ${JSON.stringify(join(import.meta.dirname, "directory.ts"))};
    import { newBlobName } from ${JSON.stringify(join(import.meta.dirname, "blobs.ts"))};
    const blobs = await openDirectory({ root: ${JSON.stringify(root)} });
    const writer = await blobs.create(newBlobName());
    const codes = [];
    for (const size of [500_000, 500_000, 500_000]) await writer.write([Buffer.alloc(size)]).catch((fault) => codes.push(fault.code));
    const small = await blobs.create(newBlobName());
    await small.write([Buffer.alloc(500_000)]);
    await small.commit();
    console.log(JSON.stringify(codes));`;
  // a limit of 1,000 blocks of 1 KiB on any file stands for the full disk
  const limited = [
    "-c",
    'trap "" XFSZ; ulimit -f 1000; exec "$0" "$@"',
    process.execPath,
    "--input-type=module",
    "-e",
    program,
  ];
  const ran = spawnSync("bash", limited, { encoding: "utf8" });
  assert.equal(ran.stderr, "");
  assert.equal((JSON.parse(ran.stdout) as string[])[0], "storage.full");
  assert.deepEqual(filesIn(root).length, 1);
});

test("a store whose folder was taken away is storage.unavailable, not a missing object", async () => {
  const root = newRoot();
  const blobs = await openDirectory({ root });
  const first = await blobs.create(newBlobName());
  await first.abort();
  rmSync(root, { recursive: true });
  await assert.rejects(
    blobs.create(newBlobName()).then((writer) => writer.commit()),
    { code: "storage.unavailable" },
  );
  await assert.rejects(blobs.create(newBlobName(Date.now() - 86_400_000)), { code: "storage.unavailable" });
  assert.ok(!existsSync(root));
  await blobs.close();
});

test("concurrent commits share the flush of their folder, and each waits for one that began after it was in place", async () => {
  const { FolderSync } = await import("./files.ts");
  const sync = new FolderSync(folder);
  const first = sync.sync();
  const rest = Array.from({ length: 20 }, () => sync.sync());
  assert.ok(rest.every((promise) => promise === rest[0]));
  await Promise.all([first, ...rest]);
  assert.notEqual(sync.sync(), rest[0]);
  await sync.sync();
  await sync.close();
});

test("pieces handed over in one write arrive in order, however many", async () => {
  const blobs = await openDirectory({ root: newRoot() });
  const parts = Array.from({ length: 3000 }, () => randomBytes(7));
  const writer = await blobs.create(newBlobName());
  await writer.write(parts);
  await writer.commit();
  assert.ok((await blobs.readAt(writer.name, 0, 30_000)).equals(Buffer.concat(parts)));
  await blobs.close();
});
