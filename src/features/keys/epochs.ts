import { sql } from "kysely";
import { Recent } from "#kit/recent.ts";
import { notify } from "#platform/events.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";

const REMEMBERED = 5_000;

/**
 * Policy epochs: whatever could change a verdict bumps the epoch of an organisation or a person in its own transaction, and
 * every cached fact is good only under the epochs it was read in. The epochs are read on the primary by a query that began
 * after the request arrived; requests that arrive meanwhile share the next read. Whoever says when the request arrived
 * (`since`, by performance.now) is told by a read that began later, if there was one: so a request asks once.
 */
export class Epochs {
  readonly #database: Database;
  #next: { subjects: Set<string>; answer: Promise<ReadonlyMap<string, bigint>> } | undefined;
  #running: Promise<unknown> = Promise.resolve();
  readonly #read = new Recent<{ epoch: bigint; began: number }>({ room: REMEMBERED });

  constructor(database: Database) {
    this.#database = database;
  }

  /** The present epochs of these subjects, joined to one text that differs whenever one of them does. */
  async stamp(subjects: readonly string[], since?: number): Promise<string> {
    const told = since === undefined ? undefined : this.#toldSince(subjects, since);
    const epochs = told ?? (await this.#ask(subjects));
    return subjects.map((subject) => epochs.get(subject) ?? 0n).join(".");
  }

  #toldSince(subjects: readonly string[], since: number): ReadonlyMap<string, bigint> | undefined {
    const told = new Map<string, bigint>();
    for (const subject of subjects) {
      const read = this.#read.get(subject);
      if (read === undefined || read.began < since) return undefined;
      told.set(subject, read.epoch);
    }
    return told;
  }

  #ask(subjects: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
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

  async #query(subjects: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    const began = performance.now();
    const rows = await this.#database.ask<{ subject: string; epoch: string }>(
      "select subject, epoch from policy_epoch where subject = any($1::uuid[])",
      [subjects],
    );
    const epochs = new Map(rows.map(({ subject, epoch }) => [subject, BigInt(epoch)]));
    for (const subject of subjects) this.#read.set(subject, { began, epoch: epochs.get(subject) ?? 0n });
    return epochs;
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
