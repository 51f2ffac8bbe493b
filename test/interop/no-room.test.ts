import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDirectory } from "#platform/blobs/directory.ts";
import type { OpenAssociation } from "#platform/dicom/client.ts";
import { holdsWhatItSaid } from "../support/loss/archive.ts";
import { type Clinic, openClinic, stow } from "../support/loss/clinic.ts";
import { fileOf, type Slice } from "../support/loss/instances.ts";
import { associate, type Sender, storeOn } from "../support/loss/senders.ts";

/**
 * Disk full: 0xA700 and 507, nothing half stored, and service resumes when there is room, without a restart. Root gives the server
 * disks of a few megabytes; anybody else limits how large its files may become.
 */
const OUT_OF_RESOURCES = 0xa700;
const MIB = 1024 * 1024;

let clinic: Clinic;
let association: OpenAssociation;
let dataDir = "";
const mounted: string[] = [];
const sender: Sender = { study: 8, told: [] };

function mount(folder: string, size: string): boolean {
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", folder]);
  if (status === 0) mounted.push(folder);
  return status === 0;
}

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "safelight-it-"));
  if (mount(dataDir, "320m")) {
    await mkdir(join(dataDir, "objects"), { mode: 0o700 });
    assert.ok(mount(join(dataDir, "objects"), "20m"));
  }
  clinic = await openClinic({ dataDir });
  association = await associate(clinic.server, clinic.tls);
});

after(async () => {
  await association.release();
  await clinic.server.stop();
  for (const folder of mounted.toReversed()) spawnSync("umount", [folder]);
  await rm(dataDir, { recursive: true, force: true });
});

/** Half a megabyte or less, but for 2, 7, 12 and so on: those have 8 MB. */
const slice = (number: number): Slice => ({ study: sender.study, number });
async function store(number: number): Promise<number> {
  const status = await storeOn(association, slice(number));
  sender.told.push({ slice: slice(number), said: status === 0 ? "stored" : "refused" });
  return status;
}

async function storeByHttp(number: number): Promise<Response> {
  const answer = await stow(clinic, fileOf(slice(number)));
  sender.told.push({ slice: slice(number), said: answer.status === 200 ? "stored" : "refused" });
  return answer;
}

/** Of several tries the last one counts. */
function settled(): Sender {
  return { ...sender, told: [...new Map(sender.told.map((one) => [one.slice.number, one])).values()] };
}

async function nothingHalf(): Promise<void> {
  const { acknowledged, beyond } = await holdsWhatItSaid(clinic.server, clinic.token, settled());
  assert.equal(beyond, 0);
  const blobs = await openDirectory({ root: join(dataDir, "objects") });
  assert.equal((await Array.fromAsync(blobs.list())).length, acknowledged, "objects without a row");
  await blobs.close();
}

/** Takes all the room of a disk but `but` bytes; the result gives it back. */
async function fill(folder: string, but: number): Promise<() => Promise<void>> {
  const { bavail, bsize } = await statfs(folder);
  const filler = join(folder, "filler");
  await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - but))).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOSPC") throw error; // the server took some meanwhile: full is full
  });
  return () => rm(filler);
}

function limitFileSize(bytes: number | "unlimited"): void {
  const { status } = spawnSync("prlimit", ["--pid", String(clinic.server.pid), `--fsize=${bytes}:unlimited`]);
  assert.equal(status, 0, "prlimit");
}

test("an object that outgrows the limit of a file is refused with A700 and 507, the next small one is taken, and it too once there is room", async () => {
  limitFileSize(4 * MIB);
  assert.equal(await store(2), OUT_OF_RESOURCES);
  const refused = await storeByHttp(2);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [507, "5"]);
  assert.equal(await store(1), 0, "the same association goes on");
  await nothingHalf();
  limitFileSize("unlimited");
  assert.equal(await store(2), 0);
  await nothingHalf();
});

if (mounted.length === 0 && process.getuid?.() !== 0) {
  process.stdout.write("# disks of a few megabytes need root: only the limit of files is tested\n");
} else {
  test("an object for which the disk has no room is refused with A700 and 507, and nothing of it stays", async () => {
    const free = await fill(join(dataDir, "objects"), 6 * MIB);
    assert.equal(await store(7), OUT_OF_RESOURCES);
    assert.equal((await storeByHttp(7)).status, 507);
    assert.equal(await store(3), 0);
    await nothingHalf();
    await free();
    assert.equal(await store(7), 0);
    await nothingHalf();
  });

  test("on a full disk everything is refused at once, reading goes on, and room brings service back", async () => {
    const free = await fill(join(dataDir, "objects"), 0);
    await sleep(1_100); // what is known of the room is a second old at most
    for (const number of [4, 5]) assert.equal(await store(number), OUT_OF_RESOURCES);
    const refused = await storeByHttp(6);
    assert.equal(refused.status, 507);
    assert.match(((await refused.json()) as { message: string }).message, /no room left/);
    await nothingHalf();
    await free();
    await sleep(1_100);
    for (const number of [4, 5]) assert.equal(await store(number), 0);
    assert.equal((await storeByHttp(6)).status, 200);
    await nothingHalf();
  });

  test("a full disk under the database is A700 and 507 or 503, and room brings service back", async () => {
    const free = await fill(dataDir, 0);
    let status = 0;
    let number = 100;
    while (number < 2_000 && status === 0) status = await store(++number);
    assert.equal(status, OUT_OF_RESOURCES);
    let byHttp = 200;
    for (let tries = 0; tries < 100 && byHttp === 200; tries += 1) byHttp = (await storeByHttp(++number)).status;
    assert.ok([507, 503].includes(byHttp), `STOW-RS answers ${byHttp}`);
    assert.equal((await fetch(`${clinic.server.url}/healthz`)).status, 200);
    await free();
    for (let tries = 0; tries < 200 && status !== 0; tries += 1) {
      status = await store(number);
      if (status !== 0) await sleep(50);
    }
    assert.equal(status, 0, "service did not come back");
    assert.equal((await storeByHttp(number + 2)).status, 200);
    await holdsWhatItSaid(clinic.server, clinic.token, settled());
    assert.equal((await clinic.server.command("ledger", "verify"))["verified"], true);
  });
}
