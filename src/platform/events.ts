import { sql } from "kysely";
import type pg from "pg";
import type { Tx } from "#platform/postgres/db.ts";

/** What happened, for whoever watches a channel: a kind and IDs, never a name. "resync" means: some may have been missed, ask anew. */
export type LiveEvent = { kind: string; [id: string]: string | number | boolean | null };

export type Listener = (event: LiveEvent) => void;

/** Live updates between all nodes through PostgreSQL's LISTEN and NOTIFY: they arrive when the transaction has committed. */
export type Events = {
  /** Hears a channel until the returned function is called. */
  subscribe(channel: string, listener: Listener): () => void;
  close(): Promise<void>;
};

const PG_CHANNEL = "safelight_events";
const LONGEST_PAUSE_MS = 5_000;

/** Tells the watchers of `channel`, on every node, once `tx` has committed. At most 7,900 bytes. */
export function notify(tx: Tx, channel: string, event: LiveEvent): Promise<void> {
  return notifyAll(tx, [{ channel, event }]);
}

/** The same for many at the cost of one question to the database. */
export async function notifyAll(tx: Tx, news: readonly { channel: string; event: LiveEvent }[]): Promise<void> {
  if (news.length === 0) return;
  const payloads = news.map((one) => JSON.stringify(one));
  await sql`select pg_notify(${PG_CHANNEL}, payload) from unnest(${payloads}::text[]) as payload`.execute(tx);
}

/** Opens the one listening connection; it comes back by itself after the database did. */
export async function openEvents(database: { owner: pg.Pool }): Promise<Events> {
  const bus = new Bus(database.owner);
  await bus.listen();
  return bus;
}

class Bus implements Events {
  readonly #pool: pg.Pool;
  readonly #listeners = new Map<string, Set<Listener>>();
  #client: pg.PoolClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  subscribe(channel: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(channel, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners) this.#listeners.delete(channel);
    };
  }

  async listen(): Promise<void> {
    const client = await this.#pool.connect();
    client.once("end", () => this.#lost(client));
    client.on("notification", ({ payload }) => this.#deliver(payload ?? ""));
    this.#client = client;
    await client.query(`listen ${PG_CHANNEL}`);
  }

  #deliver(payload: string): void {
    let said: { channel: string; event: LiveEvent };
    try {
      said = JSON.parse(payload) as typeof said;
    } catch {
      return; // not one of ours
    }
    for (const listener of this.#listeners.get(said.channel) ?? []) listener(said.event);
  }

  #lost(client: pg.PoolClient): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = undefined;
    client.release(true);
    this.#again(50);
  }

  #again(pause: number): void {
    this.#retry = setTimeout(() => {
      this.listen().then(
        () => this.#resync(),
        () => {
          if (!this.#closed) this.#again(Math.min(pause * 2, LONGEST_PAUSE_MS));
        },
      );
    }, pause);
    this.#retry.unref();
  }

  #resync(): void {
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener({ kind: "resync" });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#listeners.clear();
    const client = this.#client;
    this.#client = undefined;
    client?.release(true);
    await Promise.resolve();
  }
}
