import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { type JournalCheckpoint, type JournalEntry, readJournal } from "#features/compliance/journal/journal.ts";
import { replay } from "#features/compliance/journal/replay.ts";
import { closeSharing } from "#features/compliance/sharing-closed.ts";
import { Fault } from "#kit/fault.ts";
import type { Blobs } from "#platform/blobs/blobs.ts";
import type { Config } from "#platform/config.ts";
import { type Database, openDatabase } from "#platform/postgres/db.ts";
import { type Migration, readMigrations } from "#platform/postgres/migrate.ts";
import type { SecretKey } from "#trust/keys/wrap.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import { loadDump } from "./load.ts";
import { checkManifest, type Manifest, readBackupKey, readManifest, writeDurably } from "./manifest.ts";
import { copyObjectsIn } from "./objects.ts";

/** Lies in the data directory while a restore is under way: no program opens such a house. */
export const UNFINISHED = "restore.unfinished";

export type RestoreNeeds = {
  config: Pick<Config, "dataDir" | "databaseUrl" | "databasePool">;
  /** The public name of the master key that is here. */
  masterKey: string;
  blobs: Blobs;
};

export type RestoreOptions = { from: string; keyFile: string; journals: readonly string[] };

export type Restored = {
  manifest: Manifest;
  /** By organisation: what the journal replayed. */
  replayed: Map<string, number>;
  killed: Killed;
  /** Null when the journal covers everything since the backup; else why sharing stays closed. */
  sharingClosed: "no-journal" | "journal-ends-too-early" | "journal-damaged" | null;
};

/**
 * Puts a backup into an empty house, in one transaction with what must be dead or taken away afterwards, so that the first
 * program that opens it finds it closed. The marker stays until the caller has proven the result.
 * @throws Fault input.invalid, seal.broken, config.invalid naming what is missing
 */
export async function restoreBackup(needs: RestoreNeeds, options: RestoreOptions): Promise<Restored> {
  const read = await readManifest(options.from);
  const { manifest } = read;
  const key = await readBackupKey(options.keyFile, manifest.id);
  checkManifest(read, key);
  if (manifest.masterKey !== needs.masterKey)
    throw new Fault(
      "config.invalid",
      `The backup belongs to master key ${manifest.masterKey}, here is ${needs.masterKey}: put the right master.key into the keys folder.`,
      { place: "keys/master.key" },
    );
  const journals = await readJournals(options.journals);
  const migrations = migrationsOf(manifest);
  await refuseLivingHouse(needs.config.dataDir);
  await mkdir(needs.config.dataDir, { recursive: true, mode: 0o700 });
  await writeDurably(join(needs.config.dataDir, UNFINISHED), `${manifest.id}\n`, 0o600);
  await copyObjectsIn(options.from, needs.blobs, manifest.objects);
  const database = await openDatabase({ ...needs.config }, { migrations });
  try {
    return await loadHouse(database, { needs, options, manifest, sha256: read.sha256, key, journals });
  } finally {
    await database.close();
  }
}

export async function finishRestore(dataDir: string): Promise<void> {
  await rm(join(dataDir, UNFINISHED), { force: true });
}

/** A restore makes a house and never changes one. Only keys may lie there already. */
async function refuseLivingHouse(dataDir: string): Promise<void> {
  const there = existsSync(dataDir) ? await readdir(dataDir) : [];
  const objects = there.includes("objects") ? await readdir(join(dataDir, "objects")) : [];
  if (!there.some((name) => ["postgres", "postgres.place", UNFINISHED].includes(name)) && objects.length === 0) return;
  throw new Fault(
    "config.invalid",
    "The data directory is not empty: restore into a new one that holds nothing but the keys folder.",
    { place: "dataDir" },
  );
}

/** The schema the backup was made under; what came later is applied to its rows afterwards. */
function migrationsOf(manifest: Manifest): Migration[] {
  const known = new Map(readMigrations().map((migration) => [migration.name, migration]));
  return manifest.migrations.map(({ name, checksum }) => {
    const migration = known.get(name);
    if (migration?.checksum === checksum) return migration;
    throw new Fault(
      "config.invalid",
      `The backup was made under migration ${name}, which this version of Safelight does not have; use the version that made it, or a newer one.`,
      { place: name },
    );
  });
}

type Journals = { given: number; entries: JournalEntry[]; checkpoints: JournalCheckpoint[]; whole: boolean };

async function readJournals(paths: readonly string[]): Promise<Journals> {
  const all: Journals = { given: paths.length, entries: [], checkpoints: [], whole: true };
  for (const path of paths) {
    const { entries, checkpoints, whole } = await readJournal(path);
    all.entries.push(...entries);
    all.checkpoints.push(...checkpoints);
    all.whole &&= whole;
  }
  all.entries.sort((a, b) => a.at.localeCompare(b.at));
  return all;
}

type Loading = {
  needs: RestoreNeeds;
  options: RestoreOptions;
  manifest: Manifest;
  sha256: Buffer;
  key: SecretKey;
  journals: Journals;
};

async function loadHouse(database: Database, loading: Loading): Promise<Restored> {
  const client = await database.owner.connect();
  let broken = true;
  try {
    await client.query("begin");
    const { rows } = await client.query("select from organisation limit 1");
    if (rows.length > 0)
      throw new Fault("config.invalid", "The database is not empty: restore into a new one.", { place: "databaseUrl" });
    const restored = await load(client, loading);
    await client.query("commit");
    broken = false;
    return restored;
  } finally {
    client.release(broken);
  }
}

async function load(
  client: pg.PoolClient,
  { needs, options, manifest, sha256, key, journals }: Loading,
): Promise<Restored> {
  const sealed = createReadStream(join(options.from, manifest.database.file), { highWaterMark: 1024 * 1024 });
  const hash = createHash("sha256");
  const measured = async function* (): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of sealed as AsyncIterable<Buffer>) {
      hash.update(piece);
      yield piece;
    }
  };
  await withoutForcedWalls(client, () =>
    loadDump(client, measured(), { key, objectId: manifest.id }, needs.config.dataDir, manifest.database.rows),
  );
  if (hash.digest("hex") !== manifest.database.sha256)
    throw new Fault("seal.broken", "The backup's dump is not the one its manifest names.", {
      place: manifest.database.file,
    });
  const killed = await killSecrets(client);
  const covers = await coverage(client, journals);
  const replayed = await replay(client, journals.entries);
  if (covers !== null) await closeSharing(client, covers);
  await client.query(
    "insert into backup (id, at, manifest_sha256, objects, bytes) values ($1, $2, $3, $4, $5) on conflict do nothing",
    [manifest.id, manifest.takenAt, sha256, manifest.objects.count, manifest.database.bytes + manifest.objects.bytes],
  );
  await client.query(
    "insert into policy_epoch (subject, epoch) select id, 1 from organisation on conflict (subject) do nothing",
  );
  await client.query("update policy_epoch set epoch = epoch + 1");
  return { manifest, replayed, killed, sharingClosed: covers };
}

/** COPY cannot fill a table whose owner is under its policies: they stand aside inside this one transaction. */
async function withoutForcedWalls(client: pg.PoolClient, work: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ name: string }>(`
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relforcerowsecurity and c.relkind in ('r', 'p') and n.nspname in ('public', 'auth')`);
  for (const { name } of rows) await client.query(`alter table ${name} no force row level security`);
  await work();
  for (const { name } of rows) await client.query(`alter table ${name} force row level security`);
}

export type Killed = { tokens: number; links: number; invitations: number; messages: number };

/** Whatever opens something by being known is dead: whoever kept it since the backup was taken may have lost the right to it. */
async function killSecrets(client: pg.PoolClient): Promise<Killed> {
  const count = async (text: string) => (await client.query(text)).rowCount ?? 0;
  await client.query("update setup set secret_hash = null, expires_at = null");
  return {
    tokens: await count("update machine_token set revoked_at = now() where revoked_at is null"),
    links: await count(
      "update link set closed_at = now(), closed_because = 'restored', code_hash = null where closed_at is null",
    ),
    invitations: await count("update invitation set expires_at = now() where used_at is null and expires_at > now()"),
    messages: await count("delete from mail_outbox where sent_at is null"),
  };
}

/** Whether the journal tells everything since the backup: it is whole, and of every ledger it saw more than the backup holds. */
async function coverage(client: pg.PoolClient, journals: Journals): Promise<Restored["sharingClosed"]> {
  if (journals.given === 0) return "no-journal";
  if (!journals.whole) return "journal-damaged";
  const { rows } = await client.query<{ id: string; size: number }>(
    "select o.id, coalesce(t.size, 0) as size from organisation o left join ledger_tree t on t.organisation = o.id",
  );
  const seen = new Map<string, number>();
  for (const { organisation, checkpoint } of journals.checkpoints)
    seen.set(organisation, Math.max(seen.get(organisation) ?? 0, readCheckpoint(checkpoint).size));
  return rows.every(({ id, size }) => (seen.get(id) ?? 0) > size) ? null : "journal-ends-too-early";
}
