import { sql } from "kysely";
import { notify } from "#platform/events.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";

/**
 * Policy epochs: whatever could change a verdict bumps the epoch of an organisation or a person in its own transaction, and
 * every cached fact is good only under the epochs it was read in. The epochs are read on the primary by a query that began
 * after the request arrived; requests that arrive meanwhile share the next read.
 */
export class Epochs {
  readonly #database: Database;
  #next: { subjects: Set<string>; answer: Promise<Map<string, bigint>> } | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The present epochs of these subjects, joined to one text that differs whenever one of them does. */
  async stamp(subjects: readonly string[]): Promise<string> {
    const epochs = await this.read(subjects);
    return subjects.map((subject) => epochs.get(subject) ?? 0n).join(".");
  }

  read(subjects: readonly string[]): Promise<Map<string, bigint>> {
    if (this.#next) {
      for (const subject of subjects) this.#next.subjects.add(subject);
      return this.#next.answer;
    }
    const wanted = new Set(subjects);
    const answer = this.#running.then(() => {
      this.#next = undefined; // from here on a newcomer needs a newer read
      return this.#query([...wanted]);
    });
    this.#next = { subjects: wanted, answer };
    this.#running = answer.catch(() => undefined);
    return answer;
  }

  async #query(subjects: readonly string[]): Promise<Map<string, bigint>> {
    const rows = await this.#database.read({ organisation: null, person: null }, async (tx) => {
      const found = await sql<{
        subject: string;
        epoch: string | number;
      }>`select subject, epoch from policy_epoch where subject = any(${subjects}::uuid[])`.execute(tx);
      return found.rows;
    });
    return new Map(rows.map((row) => [row.subject, BigInt(row.epoch)]));
  }
}

const readIn = new WeakMap<Tx, Map<string, bigint>>();

/** The policy epoch of an organisation or a person, 0 before its first change; a transaction asks once and judges all by that. */
export async function epochOf(tx: Tx, subject: string): Promise<bigint> {
  const read = readIn.get(tx) ?? new Map<string, bigint>();
  readIn.set(tx, read);
  const known = read.get(subject);
  if (known !== undefined) return known;
  const { rows } = await sql<{
    epoch: string | number;
  }>`select epoch from policy_epoch where subject = ${subject}`.execute(tx);
  const epoch = BigInt(rows[0]?.epoch ?? 0);
  read.set(subject, epoch);
  return epoch;
}

/** Says in this transaction that a verdict may have changed for these organisations and persons; their open pages hear of it. */
export async function bumpEpochs(tx: Tx, subjects: readonly string[]): Promise<void> {
  const sorted = [...new Set(subjects)].sort(); // one order everywhere: no deadlocks
  for (const subject of sorted) {
    await sql`insert into policy_epoch (subject, epoch) values (${subject}, 1) on conflict (subject) do update set epoch = policy_epoch.epoch + 1`.execute(
      tx,
    );
    await notify(tx, subject, { kind: "epoch", subject });
  }
}
