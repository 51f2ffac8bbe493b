import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { Fault } from "#kit/fault.ts";
import { isAlive } from "./postmaster.ts";
import { EmbeddedServer } from "./server.ts";

const root = mkdtempSync(join(tmpdir(), "safelight-pg-"));
after(() => rmSync(root, { recursive: true, force: true }));
const asRoot = process.geteuid?.() === 0;

async function ask(server: EmbeddedServer, question: string): Promise<unknown> {
  const client = new pg.Client(server.admin());
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(question);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

async function until(holds: () => boolean, what: string, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`);
    await delay(20);
  }
}

/** A data folder with a cluster in it that never ran: setting one up costs seconds, copying it does not. */
async function fresh(name: string): Promise<string> {
  const pristine = join(root, "pristine");
  if (!existsSync(pristine)) await (await EmbeddedServer.start({ dataDir: pristine })).stop();
  cpSync(pristine, join(root, name), { recursive: true });
  return join(root, name);
}

/** Another process of ours that uses the server on `dataDir` until it is killed or its input ends. */
async function another(dataDir: string): Promise<ChildProcess> {
  const program = `
    import { EmbeddedServer } from ${JSON.stringify(join(import.meta.dirname, "server.ts"))};
    const server = await EmbeddedServer.start({ dataDir: ${JSON.stringify(dataDir)} });
    console.log("running");
    process.stdin.on("end", () => server.stop().then(() => process.exit(0)));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

test("it starts below a folder of mode 0700, durable, in UTF-8, and ends with its only user", async () => {
  const home = join(root, "home");
  mkdirSync(home, { mode: 0o700 });
  chmodSync(home, 0o700);
  const server = await EmbeddedServer.start({ dataDir: join(home, "data") });
  assert.equal(server.account, asRoot ? "namespace" : "self");
  for (const name of ["fsync", "full_page_writes", "synchronous_commit"])
    assert.equal(await ask(server, `select current_setting('${name}') as answer`), "on");
  assert.equal(await ask(server, "select upper('äß') || current_setting('server_encoding') as answer"), "ÄßUTF8");
  assert.equal(await ask(server, "select current_setting('listen_addresses') as answer"), "");
  const pid = server.pid ?? 0;
  assert.ok(isAlive(pid));
  await server.stop();
  assert.ok(!isAlive(pid));
});

test("its password, its socket's folder and its data are its owner's alone", async () => {
  const dataDir = join(root, "home", "data");
  assert.equal(statSync(join(dataDir, "postgres", "password")).mode & 0o777, 0o600);
  assert.equal(statSync(join(dataDir, "postgres", "cluster")).mode & 0o777, 0o700);
  const server = await EmbeddedServer.start({ dataDir });
  assert.equal(statSync(server.admin().host ?? "").mode & 0o777, 0o700);
  const stranger = new pg.Client({ ...server.admin(), password: "guess" });
  await assert.rejects(stranger.connect(), /password authentication failed/);
  await server.stop();
});

test("a data folder whose path is too long for a socket gets a short one, the same at every start", async () => {
  const dataDir = join(root, "long".padEnd(60, "g"), "path".padEnd(60, "h"));
  const first = await EmbeddedServer.start({ dataDir });
  const place = first.admin().host ?? "";
  assert.ok(place.length < 90);
  await first.stop();
  rmSync(place, { recursive: true });
  const second = await EmbeddedServer.start({ dataDir });
  assert.equal(second.admin().host, place);
  assert.equal(await ask(second, "select 1 as answer"), 1);
  await second.stop();
  rmSync(place, { recursive: true });
});

test("a second process shares the server, and the last of them ends it", async () => {
  const dataDir = await fresh("shared");
  const other = await another(dataDir);
  const server = await EmbeddedServer.start({ dataDir });
  const pid = server.pid ?? 0;
  other.stdin?.end();
  await once(other, "exit");
  assert.ok(isAlive(pid), "it ended under a process that still used it");
  assert.equal(await ask(server, "select 1 as answer"), 1);
  await server.stop();
  assert.ok(!isAlive(pid));
});

test("after a crash of ours the next start adopts the postmaster that still runs", async () => {
  const dataDir = await fresh("crash");
  const other = await another(dataDir);
  other.kill("SIGKILL");
  await once(other, "exit");
  const server = await EmbeddedServer.start({ dataDir });
  const pid = server.pid ?? 0;
  const started = await ask(server, "select extract(epoch from now() - pg_postmaster_start_time())::float8 as answer");
  assert.ok(Number(started) > 0.05, "it was started anew");
  await server.stop();
  assert.ok(!isAlive(pid));
});

test("a postmaster that is killed is started again by itself and keeps what was committed", async () => {
  const changes: boolean[] = [];
  const server = await EmbeddedServer.start({ dataDir: await fresh("killed"), onChange: (up) => changes.push(up) });
  await ask(server, "create table kept as select 42 as answer");
  const pid = server.pid ?? 0;
  process.kill(pid, "SIGKILL");
  await until(() => changes.length >= 3, "up, down, up");
  assert.deepEqual(changes.slice(0, 3), [true, false, true]);
  assert.notEqual(server.pid, pid);
  assert.equal(await ask(server, "select answer from kept"), 42);
  await server.stop();
});

test("Node and postmaster killed together: the next start recovers", async () => {
  const dataDir = await fresh("both");
  const other = await another(dataDir);
  const pid = Number(readFileSync(join(dataDir, "postgres", "cluster", "postmaster.pid"), "utf8").split("\n")[0]);
  process.kill(pid, "SIGKILL");
  other.kill("SIGKILL");
  await once(other, "exit");
  const server = await EmbeddedServer.start({ dataDir });
  assert.equal(await ask(server, "select 1 as answer"), 1);
  await server.stop();
});

test("a postmaster.pid whose number belongs to a stranger by now does not stop the start", async () => {
  const dataDir = await fresh("stale");
  writeFileSync(join(dataDir, "postgres", "cluster", "postmaster.pid"), `${process.pid}\n/x\n1\n5432\n/x\n\n`, {
    mode: 0o600,
  });
  const server = await EmbeddedServer.start({ dataDir });
  assert.equal(await ask(server, "select 1 as answer"), 1);
  await server.stop();
});

test("two processes that begin on an empty folder at once end up on one server", async () => {
  const dataDir = join(root, "race");
  const [other, server] = await Promise.all([another(dataDir), EmbeddedServer.start({ dataDir })]);
  assert.equal(
    await ask(
      server,
      "select count(*)::int as answer from pg_stat_activity where application_name = 'safelight keeper'",
    ),
    2,
  );
  other.stdin?.end();
  await once(other, "exit");
  await server.stop();
});

test("a cluster of another PostgreSQL version is refused with the way out", async () => {
  const dataDir = await fresh("old");
  writeFileSync(join(dataDir, "postgres", "cluster", "PG_VERSION"), "17\n");
  await assert.rejects(
    EmbeddedServer.start({ dataDir }),
    (error) => error instanceof Fault && /Back it up with the version that made it/.test(error.message),
  );
});

test("where namespaces are not allowed, root's server runs from copies under another account, and takes older data along", {
  timeout: 120_000,
}, async () => {
  const dataDir = await fresh("moved");
  const before = await EmbeddedServer.start({ dataDir });
  await ask(before, "create table kept as select 43 as answer");
  await before.stop();
  if (!asRoot) {
    assert.equal(before.account, "self"); // an ordinary user needs neither
    return;
  }
  const server = await EmbeddedServer.start({ dataDir, refuseNamespaces: true });
  assert.equal(server.account, "other");
  assert.equal(await ask(server, "select answer from kept"), 43);
  const place = readFileSync(join(dataDir, "postgres.place"), "utf8").trim();
  const owner = spawnSync("stat", ["-c", "%u", `/proc/${server.pid ?? 0}`], { encoding: "utf8" }).stdout.trim();
  assert.notEqual(owner, "0");
  assert.ok(!existsSync(join(dataDir, "postgres")));
  await server.stop();
  const again = await EmbeddedServer.start({ dataDir });
  assert.equal(await ask(again, "select answer from kept"), 43);
  await again.stop();
  rmSync(place, { recursive: true });
});

test("an ordinary user starts it as it is", { timeout: 120_000 }, async () => {
  const dataDir = await fresh("ordinary");
  const account = asRoot ? { uid: 65_534, gid: 65_534 } : {};
  if (asRoot) spawnSync("chown", ["-R", "65534:65534", dataDir]);
  chmodSync(root, 0o755);
  const program = `
    import { EmbeddedServer } from ${JSON.stringify(join(import.meta.dirname, "server.ts"))};
    const server = await EmbeddedServer.start({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(server.account);
    await server.stop();`;
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    ...account,
    encoding: "utf8",
    cwd: "/",
  });
  assert.equal(ran.stderr, "");
  assert.equal(ran.stdout.trim(), "self");
  // what a user made, root runs as that user, and what root made, the user is refused with the reason
  if (!asRoot) return;
  const server = await EmbeddedServer.start({ dataDir });
  assert.equal(await ask(server, "select 1 as answer"), 1);
  assert.equal(statSync(`/proc/${server.pid ?? 0}`).uid, 65_534);
  await server.stop();
  spawnSync("chown", ["-R", "0:0", join(dataDir, "postgres")]);
  const refused = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    ...account,
    encoding: "utf8",
    cwd: "/",
  });
  assert.match(refused.stderr, /belongs to another user \(number 0\)/);
});
