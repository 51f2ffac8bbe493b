import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { isAlive, readPidFile } from "#platform/postgres/embedded/postmaster.ts";

/** Starts that come to nothing: they say why, end by themselves and leave nothing running. */
const ROOT = join(import.meta.dirname, "..", "..");
const PATIENCE_MS = 60_000;

type Started = { child: ChildProcess; ended: Promise<number | null>; said: Promise<string> };

function start(command: "serve" | "demo", dataDir: string, ports: { http?: number; tls?: number } = {}): Started {
  const child = spawn(process.execPath, ["bin/safelight.ts", command], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      SAFELIGHT_DATA_DIR: dataDir,
      SAFELIGHT_HTTP_PORT: String(ports.http ?? 0),
      SAFELIGHT_DICOM_TLS_PORT: String(ports.tls ?? 0),
      SAFELIGHT_LOG_LEVEL: "error",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.resume();
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return { child, ended, said: text(child.stderr) };
}

/** The database's processes that were ever written down below a folder. */
async function databasesIn(folder: string): Promise<number[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith("cluster/postmaster.pid"));
  const found = files.map((name) => readPidFile(join(folder, name, "..")));
  return found.flatMap((file) => (file === undefined ? [] : [file.pid]));
}

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await setTimeout(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} never came`);
}

/** The number of the database's process, once it runs. */
const databaseOf = (folder: string): Promise<number> =>
  until("a database", async () => (await databasesIn(folder).catch(() => []))[0]);

const addressIn = (folder: string): Promise<string> =>
  until(
    "the address",
    async () => (await readFile(join(folder, "demo", "address"), "utf8").catch(() => "")) || undefined,
  );

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "safelight-start-"));
  try {
    await fn(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

for (const which of ["http", "tls"] as const)
  test(`a ${which} port that is taken ends the start with a sentence, and the database with it`, () =>
    inFolder(async (folder) => {
      const other = createServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const { ended, said } = start("serve", folder, { [which]: port });
      assert.equal(await ended, 3);
      assert.match(await said, new RegExp(`annot listen on 127.0.0.1 port ${port} \\(EADDRINUSE\\)`));
      assert.deepEqual(await databasesIn(folder), []);
      other.close();
    }));

test("SIGTERM while it starts ends it, and the database with it", () =>
  inFolder(async (folder) => {
    const { child, ended } = start("serve", folder);
    const database = await databaseOf(folder);
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
    assert.ok(!isAlive(database));
  }));

test("a demonstration is not thrown away under its visitors: a second one is refused while it runs", () =>
  inFolder(async (folder) => {
    const first = start("demo", folder);
    const database = await databaseOf(folder);
    await addressIn(folder);
    const second = start("demo", folder);
    assert.equal(await second.ended, 3);
    assert.match(await second.said, /A demonstration runs already, at http:\/\/localhost:\d+: end it first/);
    assert.ok(isAlive(database), "the first one's database runs on");
    first.child.kill("SIGTERM");
    assert.equal(await first.ended, 0);
    assert.ok(!isAlive(database));
  }));

test("what a demonstration that was killed left running is ended before its folder goes", () =>
  inFolder(async (folder) => {
    const killed = start("demo", folder);
    const left = await databaseOf(folder);
    await addressIn(folder);
    killed.child.kill("SIGKILL");
    await killed.ended;
    assert.ok(isAlive(left), "the database outlives its program");
    const next = start("demo", folder);
    await until("the old database's end", () => (isAlive(left) ? undefined : true));
    assert.notEqual(await databaseOf(folder), left);
    next.child.kill("SIGTERM");
    assert.equal(await next.ended, 0);
    assert.deepEqual(await databasesIn(folder), []);
  }));
