import { createHmac } from "node:crypto";
import { sql } from "kysely";
import type { Hidden } from "#kit/hidden.ts";
import { type Database, NO_SCOPE } from "#platform/postgres/db.ts";

export type Limit = { kind: string; most: number; minutes: number };

/** Wrong passwords and codes of one account: the tenth in a quarter of an hour closes it until the first of them is that old. */
export const ACCOUNT: Limit = { kind: "sign-in account", most: 10, minutes: 15 };
/** From one address, whichever accounts are tried: a clinic behind one address makes a few mistakes, not a hundred. */
export const ADDRESS: Limit = { kind: "sign-in address", most: 100, minutes: 15 };
/** Secrets of invitations and of set-up. */
export const SECRETS: Limit = { kind: "secret", most: 30, minutes: 15 };

/** Messages with an invitation or a reset to one person: from one organisation, and from all together. */
export const INVITING: Limit = { kind: "invitation", most: 5, minutes: 60 };
export const INVITED: Limit = { kind: "invited", most: 20, minutes: 60 };

/** What an attempt may go on with; `seconds` until it is worth coming again. */
export type Allowance = { allowed: true; last: boolean } | { allowed: false; seconds: number };

/**
 * Counts attempts in the database, so that all nodes count together. An attempt is counted before it is tried: a hundred at
 * once are a hundred. Sources are keyed hashes: neither the addresses that were tried nor where from stand there in clear.
 */
export class Attempts {
  readonly #database: Pick<Database, "transaction">;
  readonly #pepper: Hidden<Uint8Array>;

  constructor(database: Pick<Database, "transaction">, pepper: Hidden<Uint8Array>) {
    this.#database = database;
    this.#pepper = pepper;
  }

  /** Counts one more. `last` says that this was the last one before the door closes. */
  async count({ kind, most, minutes }: Limit, source: string): Promise<Allowance> {
    const name = this.#name(source);
    return this.#database.transaction(NO_SCOPE, async (tx) => {
      await sql`insert into attempt (kind, source, window_at) values (${kind}, ${name}, date_trunc('minute', now()))
        on conflict (kind, source, window_at) do update set count = attempt.count + 1`.execute(tx);
      const { rows } = await sql<{ total: number; seconds: number }>`
        select sum(count)::integer as total, ceil(extract(epoch from min(window_at) + make_interval(mins => ${minutes + 1}) - now()))::integer as seconds
        from attempt where kind = ${kind} and source = ${name} and window_at > now() - make_interval(mins => ${minutes + 1})`.execute(
        tx,
      );
      const { total, seconds } = rows[0] ?? { total: 0, seconds: 1 };
      return total > most ? { allowed: false, seconds: Math.max(1, seconds) } : { allowed: true, last: total === most };
    });
  }

  /** A success takes itself out of the count again. */
  async forgive({ kind }: Limit, source: string): Promise<void> {
    await this.#database.transaction(NO_SCOPE, (tx) =>
      sql`update attempt set count = count - 1 where kind = ${kind} and source = ${this.#name(source)} and count > 0
        and window_at = date_trunc('minute', now())`.execute(tx),
    );
  }

  /** A success forgets the failures before it. */
  async forget({ kind }: Limit, source: string): Promise<void> {
    await this.#database.transaction(NO_SCOPE, (tx) =>
      sql`delete from attempt where kind = ${kind} and source = ${this.#name(source)}`.execute(tx),
    );
  }

  async sweep(): Promise<void> {
    await this.#database.transaction(NO_SCOPE, (tx) =>
      sql`delete from attempt where window_at < now() - interval '1 day'`.execute(tx),
    );
  }

  #name(source: string): string {
    return createHmac("sha256", this.#pepper.reveal()).update(source.toLowerCase()).digest("base64url");
  }
}
