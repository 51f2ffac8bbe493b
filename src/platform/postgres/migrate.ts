import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Logger, runMigrations as migrateWorker } from "graphile-worker";
import type pg from "pg";
import { Fault } from "#kit/fault.ts";

export type Migration = { name: string; checksum: string; sql: string };

/** The folder of migrations that belongs to this version of the program. */
export const MIGRATIONS_FOLDER = join(import.meta.dirname, "..", "..", "..", "db", "migrations");

/** NNNN-name.sql in order, numbers unique. */
export function readMigrations(folder: string = MIGRATIONS_FOLDER): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const numbers = new Set<string>();
  return names.map((name) => {
    const number = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1];
    if (number === undefined || numbers.has(number)) {
      throw new Fault("config.invalid", `db/migrations/${name} is not NNNN-name.sql with a number of its own.`, {
        place: name,
      });
    }
    numbers.add(number);
    const sql = readFileSync(join(folder, name), "utf8");
    return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

/**
 * Brings the database to this program's schema: the job queue's own migrations, then ours, each in a transaction of its own,
 * recorded with its checksum. Forward only. One process at a time.
 * @param pool connects as the owner
 * @returns the names of the migrations that were applied now
 * @throws Fault config.invalid when an applied migration was edited, or the database is newer than the program
 */
export async function migrate(pool: pg.Pool, migrations: Migration[] = readMigrations()): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock(5136124012340003)");
    await migrateWorker({ pgPool: pool, logger: new Logger(() => () => undefined) });
    return await applyMissing(client, migrations);
  } finally {
    await client.query("select pg_advisory_unlock_all()").catch(() => undefined);
    client.release();
  }
}

async function applyMissing(client: pg.PoolClient, migrations: Migration[]): Promise<string[]> {
  await client.query(`create table if not exists public.migration (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
  const { rows } = await client.query<{ name: string; checksum: string }>(
    "select name, checksum from public.migration order by name",
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  refuseStrangers(applied, migrations);
  const missing = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of missing) await apply(client, migration);
  return missing.map(({ name }) => name);
}

function refuseStrangers(applied: Map<string, string>, migrations: Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
  for (const [name, checksum] of applied) {
    if (known.get(name) === checksum) continue;
    const why = known.has(name)
      ? "was edited after it had been applied"
      : "is not known to this version: the database is newer than the program";
    throw new Fault(
      "config.invalid",
      `Migration ${name} ${why}. Use the version of Safelight that belongs to this database.`,
      { place: name },
    );
  }
}

async function apply(client: pg.PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  await client.query("begin");
  try {
    await client.query(sql);
    await client.query("insert into public.migration (name, checksum) values ($1, $2)", [name, checksum]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw new Fault("config.invalid", `Migration ${name} failed: ${(error as Error).message}`, {
      place: name,
      cause: error,
    });
  }
}
