import { sql } from "kysely";
import type { Tx } from "#platform/postgres/db.ts";

export type SetupRecord = {
  secret_hash: Buffer | null;
  expires_at: Date | null;
  begun_at: Date | null;
  completed_at: Date | null;
};

export async function setupRow(tx: Tx): Promise<SetupRecord | null> {
  const { rows } =
    await sql<SetupRecord>`select secret_hash, expires_at, begun_at, completed_at from setup where id`.execute(tx);
  return rows[0] ?? null;
}

/** One link at a time: a new one takes the place of the one before. */
export async function offerSetup(tx: Tx, hash: Buffer, minutes: number, begun: boolean): Promise<void> {
  await sql`insert into setup (id, secret_hash, expires_at) values (true, ${hash}, now() + make_interval(mins => ${minutes}))
    on conflict (id) do update set secret_hash = excluded.secret_hash, expires_at = excluded.expires_at,
      begun_at = case when ${begun} then setup.begun_at end`.execute(tx);
}

/** Whether this secret opens set-up now; begun or not. */
export async function setupOpens(tx: Tx, hash: Buffer): Promise<SetupRecord | null> {
  const { rows } = await sql<SetupRecord>`select secret_hash, expires_at, begun_at, completed_at from setup
    where id and secret_hash = ${hash} and expires_at > now() and completed_at is null for update`.execute(tx);
  return rows[0] ?? null;
}

export async function markSetup(tx: Tx, what: "begun" | "open" | "done"): Promise<void> {
  if (what === "begun") await sql`update setup set begun_at = now() where id`.execute(tx);
  else if (what === "open") await sql`update setup set begun_at = null where id`.execute(tx);
  else await sql`update setup set completed_at = now(), secret_hash = null where id`.execute(tx);
}
