import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { randomOf } from "#phantoms/image/random.ts";
import { newBlobName } from "#platform/blobs/blobs.ts";
import { pathOf } from "#platform/blobs/directory.ts";
import { holdsWhatItSaid } from "../support/loss/archive.ts";
import { fileOf, studyUid } from "../support/loss/instances.ts";
import { killAll, processesBelow } from "../support/loss/postmaster.ts";
import type { Sender, Told } from "../support/loss/senders.ts";
import { TestServer } from "../support/server.ts";

/** `kill -9` where it is rarer and hurts as much: at the first start, in an import, in the sweep. `node FILE 20`: so many rounds of each. */
const ROUNDS = Number(process.argv[2] ?? 1);
const SEED = process.env["KILL_SEED"] ?? String(randomInt(1_000_000_000));
const random = randomOf(`kill elsewhere ${SEED}`);

let server: TestServer;
let organisation = "";
let token = "";

before(async () => {
  server = await TestServer.start();
  organisation = await server.organisation("Power Cut Clinic");
  token = await server.token(organisation);
});

after(() => server.remove());

/** Names of things that were begun and never finished. */
async function halves(dataDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of [dataDir, join(dataDir, "keys"), join(dataDir, "certificates")])
    found.push(...(await readdir(folder)).filter((name) => /\.\d+\.[0-9a-f]{8}$/.test(name)));
  return found;
}

test(`kill -9 at the first start: the next one makes a whole server, and nothing half made is left (KILL_SEED=${SEED})`, async (t) => {
  const fresh = await mkdtemp(join(tmpdir(), "safelight-it-"));
  const whole = await TestServer.prepare({ dataDir: fresh });
  const began = performance.now();
  await whole.up();
  const usual = performance.now() - began;
  await whole.remove();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const dataDir = await mkdtemp(join(tmpdir(), "safelight-it-"));
    const first = await TestServer.prepare({ dataDir });
    const afterMs = random.below(usual);
    const child = first.spawn();
    const gone = once(child, "exit");
    await sleep(afterMs);
    child.kill("SIGKILL");
    await gone;
    const everything = round % 2 === 1; // what Node had started dies with it, or lives on for a while
    if (everything) killAll(processesBelow(dataDir));
    await first.up();
    await first.organisation("First Clinic");
    assert.equal((await first.command("ledger", "verify"))["verified"], true);
    if (everything) assert.deepEqual(await halves(dataDir), []);
    t.diagnostic(`killed after ${afterMs} of some ${usual.toFixed(0)} ms`);
    await first.remove();
  }
});

async function countOf(study: number): Promise<number> {
  const answer = await fetch(`${server.url}/dicomweb/instances?StudyInstanceUID=${studyUid(study)}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return answer.status === 200 ? ((await answer.json()) as unknown[]).length : 0;
}

test("kill -9 of an import: what came in stays, the same import again brings the rest", async (t) => {
  const media = await mkdtemp(join(tmpdir(), "safelight-it-"));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const folder = join(media, String(round));
    await mkdir(folder);
    const told = Array.from(
      { length: 60 },
      (_, at): Told => ({ slice: { study: round, number: at + 1 }, said: "stored" }),
    );
    for (const { slice } of told) await writeFile(join(folder, `${slice.number}.dcm`), fileOf(slice));
    const child = server.spawn(["import", folder, "--org", organisation]);
    const gone = once(child, "exit");
    for (let tries = 0; tries < 2_000 && child.exitCode === null && (await countOf(round)) === 0; tries += 1)
      await sleep(5);
    await sleep(random.below(60));
    child.kill("SIGKILL");
    await gone;
    const cameIn = await countOf(round);
    const sender: Sender = { study: round, told };
    const { stored, alreadyHere } = await server.command("import", folder, "--org", organisation);
    assert.deepEqual([stored, alreadyHere], [told.length - cameIn, cameIn]);
    assert.equal((await holdsWhatItSaid(server, token, sender)).acknowledged, told.length);
    t.diagnostic(`${cameIn} of ${told.length} had come in`);
  }
  assert.equal((await server.command("ledger", "verify"))["verified"], true);
  await rm(media, { recursive: true });
});

const objects = (): string => join(server.dataDir, "objects");

/** Objects that no row knows and files that nobody finished, two hours old. */
async function litter(count: number): Promise<Set<string>> {
  const then = new Date(Date.now() - 7_200_000);
  const names = new Set<string>();
  for (let at = 0; at < count; at += 1) {
    const path = `${pathOf(objects(), newBlobName(then.getTime()))}${at % 2 === 0 ? "" : ".999999999"}`;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "left over");
    await utimes(path, then, then);
    names.add(path);
  }
  return names;
}

async function left(names: ReadonlySet<string>): Promise<number> {
  const there = await readdir(objects(), { recursive: true });
  return there.filter((name) => names.has(join(objects(), name))).length;
}

test("kill -9 in the middle of the start-up sweep: the next one ends it, and takes nothing that a row knows", async (t) => {
  const told: Told[] = Array.from({ length: 60 }, (_, at) => ({ slice: { study: 1, number: at + 1 }, said: "stored" }));
  for (let round = 1; round <= ROUNDS; round += 1) {
    await server.stop();
    const names = await litter(2_000);
    const child = server.spawn();
    const gone = once(child, "exit");
    for (let tries = 0; tries < 5_000 && (await left(names)) === names.size; tries += 1) await sleep(2);
    await sleep(random.below(100));
    child.kill("SIGKILL");
    await gone;
    t.diagnostic(`${await left(names)} of ${names.size} were left when it was killed`);
    await server.up();
    assert.equal(await left(names), 0);
    assert.equal((await holdsWhatItSaid(server, token, { study: 1, told })).acknowledged, 60);
  }
});
