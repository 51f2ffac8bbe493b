import { sql } from "kysely";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { decodeFrontier, EMPTY_FRONTIER, encodeFrontier, type MerkleFrontier } from "#trust/ledger/merkle.ts";

/** Whether this transaction may number and sign that ledger; only one at a time does, on whatever node. */
export async function lockLedger(tx: Tx, organisation: string): Promise<boolean> {
  const { rows } = await sql<{ mine: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`safelight ledger ${organisation}`}, 0)) as mine`.execute(tx);
  return rows[0]?.mine === true;
}

/** The organisations with entries that wait for their number. */
export async function ledgersWithNews(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select id from ledgers_with_news() as id`.execute(tx);
  return rows.map(({ id }) => id);
}

export async function allLedgers(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select id from organisation_ids() as id order by id`.execute(tx);
  return rows.map(({ id }) => id);
}

/** The tree as the sequencer left it. @throws Fault ledger.broken when its frontier is none */
export async function readTree(tx: Tx, organisation: string): Promise<MerkleFrontier> {
  const { rows } = await sql<{ size: number; frontier: Buffer }>`
    select size, frontier from ledger_tree where organisation = ${organisation}`.execute(tx);
  const row = rows[0];
  const tree = row === undefined || row.frontier.length === 0 ? EMPTY_FRONTIER : decodeFrontier(row.frontier);
  if (tree.size === (row?.size ?? 0)) return tree;
  throw new Fault(
    "ledger.broken",
    "the size kept of a ledger's tree is not its own; `safelight ledger verify` tells more",
  );
}

export async function writeTree(tx: Tx, organisation: string, tree: MerkleFrontier): Promise<void> {
  await sql`insert into ledger_tree (organisation, size, frontier) values (${organisation}, ${tree.size}, ${encodeFrontier(tree)})
    on conflict (organisation) do update set size = excluded.size, frontier = excluded.frontier`.execute(tx);
}

/** Everything the record's table says of an entry. Numbers stand as text: a row made by hand may hold any. */
export type StoredEntry = {
  id: string;
  leaf: string | null;
  leaf_hash: Buffer | null;
  body: string;
  /** UTC with microseconds. */
  at: string;
  action: string;
  outcome: string;
  actor_kind: string;
  actor: string | null;
  purpose: string | null;
  because: string | null;
  patient: string | null;
  study: string | null;
  subject: string | null;
  salt: Buffer | null;
  sealed: Buffer | null;
};

const COLUMNS = sql`e.id, e.leaf::text as leaf, e.leaf_hash, e.body,
  to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as at, e.action, e.outcome, e.actor_kind, e.actor, e.purpose, e.because,
  e.patient, e.study, e.subject, d.salt, d.sealed`;

/** The next numbered entries behind one, in the order of the tree. */
export async function entriesAfter(
  tx: Tx,
  organisation: string,
  after: { leaf: string; id: string } | undefined,
  limit: number,
): Promise<StoredEntry[]> {
  const behind = after ? sql`(e.leaf, e.id) > (${after.leaf}::bigint, ${after.id}::uuid)` : sql`e.leaf is not null`;
  const { rows } = await sql<StoredEntry>`
    select ${COLUMNS} from ledger_entry e left join ledger_detail d on d.organisation = e.organisation and d.entry = e.id
    where e.organisation = ${organisation} and ${behind} order by e.leaf, e.id limit ${limit}`.execute(tx);
  return rows;
}

/** Entries without a number behind this one, in the order of their ids. */
export async function pendingAfter(
  tx: Tx,
  organisation: string,
  after: string | undefined,
  limit: number,
): Promise<StoredEntry[]> {
  const behind = after === undefined ? sql`true` : sql`e.id > ${after}::uuid`;
  const { rows } = await sql<StoredEntry>`
    select ${COLUMNS} from ledger_entry e left join ledger_detail d on d.organisation = e.organisation and d.entry = e.id
    where e.organisation = ${organisation} and e.leaf is null and ${behind} order by e.id limit ${limit}`.execute(tx);
  return rows;
}

export type NumberedLeaf = { id: string; leaf: number; hash: Buffer };

export async function numberEntries(tx: Tx, organisation: string, leaves: readonly NumberedLeaf[]): Promise<void> {
  await sql`update ledger_entry e set leaf = v.leaf, leaf_hash = v.hash
    from unnest(${leaves.map(({ id }) => id)}::uuid[], ${leaves.map(({ leaf }) => leaf)}::bigint[], ${leaves.map(({ hash }) => hash)}::bytea[]) as v (id, leaf, hash)
    where e.organisation = ${organisation} and e.id = v.id and e.leaf is null`.execute(tx);
}

export type TreeNode = { level: number; index: number; hash: Buffer };

/** Nodes that a proof would otherwise compute from all leaves; one that is there already stays. */
export async function keepNodes(tx: Tx, organisation: string, nodes: readonly TreeNode[]): Promise<void> {
  if (nodes.length === 0) return;
  await sql`insert into ledger_node (organisation, level, index, hash)
    select ${organisation}, level, index, hash from unnest(${nodes.map(({ level }) => level)}::integer[], ${nodes.map(({ index }) => index)}::bigint[], ${nodes.map(({ hash }) => hash)}::bytea[]) as v (level, index, hash)
    on conflict (organisation, level, index) do update set hash = excluded.hash`.execute(tx);
}

export async function nodeHash(tx: Tx, organisation: string, level: number, index: number): Promise<Buffer | null> {
  const { rows } = await sql<{ hash: Buffer }>`
    select hash from ledger_node where organisation = ${organisation} and level = ${level} and index = ${index}`.execute(
    tx,
  );
  return rows[0]?.hash ?? null;
}

/** The hashes of leaves `from` up to and without `to`, in order. */
export async function leafHashes(tx: Tx, organisation: string, from: number, to: number): Promise<Buffer[]> {
  const { rows } = await sql<{ leaf_hash: Buffer | null }>`
    select leaf_hash from ledger_entry where organisation = ${organisation} and leaf >= ${from} and leaf < ${to} order by leaf`.execute(
    tx,
  );
  return rows.map((row) => row.leaf_hash).filter((hash) => hash !== null);
}

export async function entryById(tx: Tx, organisation: string, id: string): Promise<StoredEntry | null> {
  const { rows } = await sql<StoredEntry>`
    select ${COLUMNS} from ledger_entry e left join ledger_detail d on d.organisation = e.organisation and d.entry = e.id
    where e.organisation = ${organisation} and e.id = ${id}`.execute(tx);
  return rows[0] ?? null;
}
