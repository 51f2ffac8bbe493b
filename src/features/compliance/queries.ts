import { sql } from "kysely";
import type { Tx } from "#platform/postgres/db.ts";

/** How many sealed objects an organisation has and how large they are, as its studies count them. */
export async function sealedObjects(tx: Tx, organisation: string): Promise<{ objects: number; bytes: number }> {
  const { rows } = await sql<{ objects: number; bytes: number }>`
    select coalesce(sum(instance_count), 0)::bigint as objects, coalesce(sum(bytes), 0)::bigint as bytes
    from study where organisation = ${organisation}`.execute(tx);
  return rows[0] ?? { objects: 0, bytes: 0 };
}

/** Sealed values in the organisation's rows (reports, details of the record) and the bytes they take. */
export async function sealedValues(tx: Tx, organisation: string): Promise<{ values: number; bytes: number }> {
  const { rows } = await sql<{ values: number; bytes: number }>`
    select (select count(*) from report_version where organisation = ${organisation})
         + coalesce((select size from ledger_tree where organisation = ${organisation}), 0) as values,
      pg_database_size(current_database()) as bytes`.execute(tx);
  return rows[0] ?? { values: 0, bytes: 0 };
}

export type OrganisationKeyState = { version: number; wrapper: string; created_at: Date; retired_at: Date | null };

export async function organisationKeys(tx: Tx, organisation: string): Promise<OrganisationKeyState[]> {
  const { rows } = await sql<OrganisationKeyState>`
    select version, wrapper, created_at, retired_at from organisation_key where organisation = ${organisation} order by version desc limit 10`.execute(
    tx,
  );
  return rows;
}

export type BackupRecord = { id: string; at: Date; manifest_sha256: Buffer; objects: number; bytes: number };

export async function lastBackup(tx: Tx): Promise<BackupRecord | null> {
  const { rows } = await sql<BackupRecord>`
    select id, at, manifest_sha256, objects, bytes from backup order by at desc limit 1`.execute(tx);
  return rows[0] ?? null;
}
