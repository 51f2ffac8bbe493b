import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { NO_SCOPE, openDatabase } from "./db.ts";
import { EmbeddedServer } from "./embedded/server.ts";
import { type Migration, migrate, readMigrations } from "./migrate.ts";
import { openServer, type Server } from "./server.ts";

const dataDir = mkdtempSync(join(tmpdir(), "safelight-migrate-"));
let server: Server;
let pool: pg.Pool;

before(async () => {
  server = await openServer({ dataDir, durable: false });
  pool = new pg.Pool(server.as("owner"));
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
});

after(async () => {
  await pool.end();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const made = (name: string, sql: string): Migration => ({
  name,
  sql,
  checksum: createHash("sha256").update(sql).digest("hex"),
});
const first = made("0001-a.sql", "create table a (n int)");
const second = made("0002-b.sql", "alter table a add m int; insert into a values (1, 2)");
const invalid = (words: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === "config.invalid" && words.test(error.message);

test("what is missing is applied in order, once", async () => {
  assert.deepEqual(await migrate(pool, [first]), ["0001-a.sql"]);
  assert.deepEqual(await migrate(pool, [first, second]), ["0002-b.sql"]);
  assert.deepEqual(await migrate(pool, [first, second]), []);
  assert.deepEqual(
    (await pool.query("select n, m from a")).rows.map((row) => ({ ...row })),
    [{ n: 1, m: 2 }],
  );
});

test("a migration that fails leaves nothing of itself and says which it was", async () => {
  const broken = made("0003-c.sql", "create table c (n int); select nonsense");
  await assert.rejects(migrate(pool, [first, second, broken]), invalid(/0003-c\.sql/));
  assert.equal((await pool.query("select to_regclass('c') as c")).rows[0].c, null);
});

test("an edited migration is refused", async () => {
  await assert.rejects(migrate(pool, [made("0001-a.sql", "create table a (n bigint)"), second]), invalid(/edited/));
});

test("a database that is newer than the program is refused", async () => {
  await assert.rejects(migrate(pool, [first]), invalid(/newer than the program/));
});

test("two processes that migrate at once apply everything once", async () => {
  const third = made("0003-d.sql", "create table d (n int)");
  const done = await Promise.all([migrate(pool, [first, second, third]), migrate(pool, [first, second, third])]);
  assert.deepEqual(done.flat(), ["0003-d.sql"]);
});

test("only NNNN-name.sql with a number of its own is a migration", () => {
  const folder = mkdtempSync(join(dataDir, "files-"));
  writeFileSync(join(folder, "0001-a.sql"), "");
  assert.equal(readMigrations(folder).length, 1);
  writeFileSync(join(folder, "0001-b.sql"), "");
  assert.throws(() => readMigrations(folder), invalid(/0001-b\.sql/));
});

test("the program's own migrations are in order and begin with the walls", () => {
  assert.equal(readMigrations()[0]?.name, "0000-platform.sql");
});

// An external server: the embedded one, reached by a DATABASE_URL as an operator would give it.
const url = (config: pg.ClientConfig, database: string) =>
  `postgres://${config.user}:${encodeURIComponent(String(config.password))}@${encodeURIComponent(config.host ?? "")}:5432/${database}`;

test("an external server is used through DATABASE_URL, by roles that are made there", async () => {
  const place = mkdtempSync(join(tmpdir(), "safelight-external-"));
  const other = await EmbeddedServer.start({ dataDir: place });
  try {
    await ask(other, "create role clinic login createrole password 'a:b/c'; create role poor login password 'x'");
    await ask(other, "create database images owner clinic");
    const clinic = { ...other.admin(), user: "clinic", password: "a:b/c" };
    for (const start of ["first", "again"]) {
      const database = await openDatabase({
        dataDir: "/nonexistent",
        databaseUrl: new Hidden(url(clinic, "images")),
        databasePool: 2,
      });
      const who = await database.transaction(NO_SCOPE, (tx) =>
        tx.selectNoFrom((eb) => eb.fn<string>("current_setting", [eb.val("is_superuser")]).as("su")).executeTakeFirst(),
      );
      assert.equal(who?.su, "off", start);
      assert.equal((await database.owner.query("select current_user as u")).rows[0].u, "safelight_owner");
      assert.equal(await database.healthy(), true);
      await database.close();
    }
    const openAs = (config: pg.ClientConfig) =>
      openDatabase({ dataDir: "/nonexistent", databaseUrl: new Hidden(url(config, "images")), databasePool: 2 });
    await assert.rejects(openAs({ ...clinic, user: "poor", password: "x" }), invalid(/safelight_owner/));
    await assert.rejects(openAs({ ...clinic, password: "wrong" }), invalid(/refused the user/));
    await ask(other, "grant safelight_owner, safelight_serve, safelight_auth to poor");
    const guest = await openAs({ ...clinic, user: "poor", password: "x" });
    assert.equal((await guest.auth.query("select current_user as u")).rows[0].u, "safelight_auth");
    await guest.close();
    await ask(other, "alter role safelight_serve bypassrls");
    await assert.rejects(openAs(clinic), invalid(/lift row-level security/));
    await ask(other, "alter role safelight_serve nobypassrls");
    await ask(other, "alter role clinic set synchronous_commit = off");
    await assert.rejects(openAs(clinic), invalid(/synchronous_commit/));
  } finally {
    await other.stop();
    rmSync(place, { recursive: true, force: true });
  }
});

test("a server without fsync is refused", async () => {
  const running = await EmbeddedServer.start({ dataDir, durable: false });
  try {
    const databaseUrl = new Hidden(url(running.admin(), "postgres"));
    await assert.rejects(openDatabase({ dataDir, databaseUrl, databasePool: 1 }), invalid(/fsync/));
  } finally {
    await running.stop();
  }
});

async function ask(running: EmbeddedServer, text: string): Promise<void> {
  const client = new pg.Client(running.admin());
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
