import { sql } from "kysely";
import type { Keyring, SecretKey } from "#features/keys/keyring.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";
import { checkpointHash, signCheckpoint } from "#trust/ledger/checkpoint.ts";
import { encodeFrontier, rootOf } from "#trust/ledger/merkle.ts";
import type { CheckpointRecord } from "#trust/ledger/verifier.ts";
import { signingKey } from "./signing-keys.ts";
import { lockLedger, readTree } from "./tree-queries.ts";
import { mailOfficers, rememberWitness, type WitnessFolder } from "./witness.ts";

/** What numbering and signing need of the world. */
export type LedgerNeeds = {
  database: Pick<Database, "transaction" | "read">;
  keyring: Keyring;
  pepper: SecretKey;
};

export type KeptCheckpoint = { size: number; note: string; at: Date };

export async function lastCheckpoint(tx: Tx, organisation: string): Promise<KeptCheckpoint | null> {
  const { rows } = await sql<{ size: number; note: string; created_at: Date }>`
    select size, note, created_at from ledger_checkpoint where organisation = ${organisation} order by size desc limit 1`.execute(
    tx,
  );
  const row = rows[0];
  return row ? { size: row.size, note: row.note, at: row.created_at } : null;
}

export type StoredCheckpoint = CheckpointRecord & { size: number };

/** Checkpoints larger than `after`, in order. */
export async function checkpointsAfter(
  tx: Tx,
  organisation: string,
  after: number,
  limit: number,
): Promise<StoredCheckpoint[]> {
  const { rows } = await sql<{ size: number; note: string; frontier: Buffer | null }>`
    select size, note, frontier from ledger_checkpoint where organisation = ${organisation} and size > ${after}
    order by size limit ${limit}`.execute(tx);
  return rows.map(({ size, note, frontier }) => ({ size, note, ...(frontier ? { frontier } : {}) }));
}

/** The first checkpoint that covers a leaf. */
export async function checkpointOver(tx: Tx, organisation: string, leaf: number): Promise<StoredCheckpoint | null> {
  return (await checkpointsAfter(tx, organisation, leaf, 1))[0] ?? null;
}

/**
 * Signs the tree as it stands, unless it is signed already, and hands the note to the witnesses. Null while another node has
 * the ledger in hand, or when there is nothing to sign yet.
 */
export async function makeCheckpoint(
  needs: LedgerNeeds,
  organisation: string,
  session: string,
  witness: Pick<WitnessFolder, "keep">,
): Promise<KeptCheckpoint | null> {
  const scope = { organisation, person: null };
  const made = await needs.database.transaction(scope, async (tx) => {
    if (!(await lockLedger(tx, organisation))) return null;
    return sign({ tx, ...needs }, organisation, session);
  });
  if (made === null || !made.isNew) return made;
  await witness.keep(made.note); // only now: what did not commit must not be witnessed
  await needs.database.transaction(scope, (tx) => rememberWitness(tx, organisation, "folder", made.size));
  return made;
}

async function sign(
  { tx, keyring, pepper }: LedgerNeeds & { tx: Tx },
  organisation: string,
  session: string,
): Promise<(KeptCheckpoint & { isNew: boolean }) | null> {
  const tree = await readTree(tx, organisation);
  const last = await lastCheckpoint(tx, organisation);
  if (tree.size === 0) return null;
  if (last !== null && last.size >= tree.size) return { ...last, isNew: false };
  const key = await signingKey(tx, keyring, organisation, session);
  const root = rootOf(tree);
  const previous = last === null ? undefined : checkpointHash(last.note);
  const note = signCheckpoint({ organisation, size: tree.size, root, previous, at: tx.now }, key);
  await sql`insert into ledger_checkpoint (organisation, size, root, note, frontier, created_at)
    values (${organisation}, ${tree.size}, ${root}, ${note}, ${encodeFrontier(tree)}, ${tx.now})`.execute(tx);
  await mailOfficers({ tx, pepper }, organisation, note, tree.size);
  return { size: tree.size, note, at: tx.now, isNew: true };
}
