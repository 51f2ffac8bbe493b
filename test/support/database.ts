import { createHash } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import pg from "pg";
import { type Database, openDatabase } from "#platform/postgres/db.ts";
import { isAlive } from "#platform/postgres/embedded/postmaster.ts";
import { EmbeddedServer } from "#platform/postgres/embedded/server.ts";
import { readMigrations } from "#platform/postgres/migrate.ts";

/**
 * A fresh, migrated database for a test file. All test processes share one embedded server (without fsync: tests of
 * durability start their own); the first starts it, the last ends it. A database is a clone of a template that is migrated
 * once. It is dropped when the file's tests are over.
 */
export async function testDatabase(): Promise<Database> {
  const name = `test_${process.pid}_${++counter}`;
  const server = await sharedServer();
  await withTemplate(server, (admin, template) =>
    admin.query(`create database ${name} template ${template} owner safelight_owner`),
  );
  const database = await openDatabase({ ...PLACE, databasePool: 10 }, { database: name, durable: false });
  opened.push({ name, database });
  return database;
}

const PLACE = { dataDir: sharedFolder(), databaseUrl: undefined };
const LOCK = "5136124012340009";
let counter = 0;
let server: Promise<EmbeddedServer> | undefined;
const opened: { name: string; database: Database }[] = [];

after(async () => {
  const running = await server;
  for (const { database } of opened) await database.close();
  if (running === undefined) return;
  await asAdmin(running, async (admin) => {
    for (const { name } of opened) await admin.query(`drop database if exists ${name} with (force)`);
  });
  await running.stop();
});

function sharedFolder(): string {
  const place = createHash("sha256")
    .update(import.meta.dirname)
    .digest("hex")
    .slice(0, 8);
  return join(tmpdir(), `safelight-test-${userInfo().uid}-${place}`);
}

function sharedServer(): Promise<EmbeddedServer> {
  server ??= EmbeddedServer.start({ dataDir: PLACE.dataDir, durable: false });
  return server;
}

async function withTemplate(
  running: EmbeddedServer,
  clone: (admin: pg.Client, template: string) => Promise<unknown>,
): Promise<void> {
  const migrations = readMigrations();
  const state = createHash("sha256")
    .update(migrations.map(({ checksum }) => checksum).join())
    .digest("hex")
    .slice(0, 12);
  const template = `template_${state}`;
  await asAdmin(running, async (admin) => {
    await admin.query(`select pg_advisory_lock(${LOCK})`);
    const { rows } = await admin.query<{ datname: string }>(
      "select datname from pg_database where datname ~ '^(test_[0-9]|template_[0-9a-f])'",
    );
    const names = rows.map(({ datname }) => datname);
    for (const old of names.filter((name) => isLeftOver(name, template)))
      await admin.query(`drop database if exists ${old} with (force)`);
    if (!names.includes(template)) await makeTemplate(admin, template);
    await clone(admin, template);
  });
}

function isLeftOver(name: string, template: string): boolean {
  if (name.startsWith("template_")) return name !== template;
  return !isAlive(Number(name.split("_")[1]));
}

async function makeTemplate(admin: pg.Client, template: string): Promise<void> {
  const half = `test_${process.pid}_template`;
  await admin.query(`drop database if exists ${half} with (force)`);
  const database = await openDatabase({ ...PLACE, databasePool: 1 }, { database: half, durable: false });
  await database.close();
  await admin.query(`alter database ${half} rename to ${template}`);
}

async function asAdmin<T>(running: EmbeddedServer, fn: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client(running.admin());
  await admin.connect();
  try {
    return await fn(admin);
  } finally {
    await admin.end();
  }
}
