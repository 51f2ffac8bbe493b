import { sql } from "kysely";
import type { Tx } from "#platform/postgres/db.ts";

export type MarkingRecord = { sealed: Buffer; wrapped_key: Buffer };

/** What this person keeps on a study. */
export async function markingsOf(tx: Tx, owner: string, study: string, person: string): Promise<MarkingRecord | null> {
  const { rows } = await sql<MarkingRecord>`
    select sealed, wrapped_key from marking_set where organisation = ${owner} and study = ${study} and person = ${person}`.execute(
    tx,
  );
  return rows[0] ?? null;
}

export async function putMarkings(
  tx: Tx,
  row: { organisation: string; study: string; person: string; sealed: Uint8Array; wrappedKey: Uint8Array },
): Promise<void> {
  await sql`insert into marking_set (organisation, study, person, sealed, wrapped_key)
    values (${row.organisation}, ${row.study}, ${row.person}, ${row.sealed}, ${row.wrappedKey})
    on conflict (organisation, study, person) do update set sealed = excluded.sealed, wrapped_key = excluded.wrapped_key, updated_at = now()`.execute(
    tx,
  );
}
