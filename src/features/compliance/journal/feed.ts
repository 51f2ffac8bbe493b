import { sql } from "kysely";
import type { Role } from "#contract/words.ts";
import { lastCheckpoint } from "#features/audit/ledger/checkpoints.ts";
import { readTree } from "#features/audit/ledger/tree-queries.ts";
import { REVOKING_ACTIONS } from "#features/compliance/journal/replay.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import type { Journal, JournalLine } from "./journal.ts";

const PAGE = 1_000;

/** Writes to the journal what the record says of revocations since it was last asked, within a second of their commit. */
export class JournalFeed {
  readonly #database: Pick<Database, "transaction">;
  readonly #journal: Journal;
  /** The size of the newest checkpoint that this process wrote, by organisation. */
  readonly #signed = new Map<string, number>();

  constructor(database: Pick<Database, "transaction">, journal: Journal) {
    this.#database = database;
    this.#journal = journal;
  }

  async news(organisation: string): Promise<void> {
    for (let more = true; more; )
      more = await this.#database.transaction({ organisation, person: null }, (tx) => this.#page(tx, organisation));
  }

  /** The place in the record moves on only after the lines are durable: a crash in between writes them twice, which harms nothing. */
  async #page(tx: Tx, organisation: string): Promise<boolean> {
    await sql`select pg_advisory_xact_lock(hashtextextended('safelight journal', 0))`.execute(tx);
    const { rows } = await sql<{ journaled: number }>`
      select journaled from ledger_tree where organisation = ${organisation}`.execute(tx);
    const from = rows[0]?.journaled;
    if (from === undefined) return false;
    const { size } = await readTree(tx, organisation);
    const found = await revocations(tx, organisation, from, size);
    const full = found.length === PAGE;
    const last = await lastCheckpoint(tx, organisation);
    const lines: JournalLine[] = [...found];
    const isNew = !full && last !== null && last.size > (this.#signed.get(organisation) ?? 0);
    if (isNew) lines.push({ organisation, checkpoint: last.note });
    await this.#journal.append(lines);
    if (isNew) this.#signed.set(organisation, readCheckpoint(last.note).size);
    const to = full ? (found.at(-1)?.leaf ?? from) + 1 : size;
    if (to > from) await sql`update ledger_tree set journaled = ${to} where organisation = ${organisation}`.execute(tx);
    return full;
  }
}

type Found = Extract<JournalLine, { entry: string }>;

async function revocations(tx: Tx, organisation: string, from: number, to: number): Promise<Found[]> {
  const { rows } = await sql<{ id: string; leaf: number; at: Date; action: string; subject: string | null }>`
    select id, leaf, at, action, subject from ledger_entry
    where organisation = ${organisation} and leaf >= ${from} and leaf < ${to} and outcome = 'done' and action = any(${[...REVOKING_ACTIONS]}::text[])
    order by leaf limit ${PAGE}`.execute(tx);
  const lines: Found[] = [];
  for (const { id, leaf, at, action, subject } of rows) {
    const roles = action === "person.roles" && subject !== null ? await rolesNow(tx, organisation, subject) : undefined;
    lines.push({ organisation, entry: id, leaf, at: at.toISOString(), action, subject, ...(roles ? { roles } : {}) });
  }
  return lines;
}

async function rolesNow(tx: Tx, organisation: string, person: string): Promise<Role[]> {
  const { rows } = await sql<{ role: Role }>`select role from membership
    where organisation = ${organisation} and person = ${person} and (until_at is null or until_at > now()) order by role`.execute(
    tx,
  );
  return rows.map(({ role }) => role);
}
