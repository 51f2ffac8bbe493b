import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import type { AuditQuery } from "#features/audit/search.ts";
import { Recent } from "#kit/recent.ts";

const WINDOW_MS = 15 * 60_000;
const REMEMBERED = 1_000;

/** Looking at the record is itself on the record: one entry per session and question within 15 minutes, however many pages. */
export class Looks {
  readonly #world: World;
  readonly #seen = new Recent<true>({ room: REMEMBERED, age: WINDOW_MS });

  constructor(world: World) {
    this.#world = world;
  }

  /** Resolves when the entry is durable. Which words were asked lies in its sealed detail. */
  async record(who: Actor, query: AuditQuery, count: number): Promise<void> {
    const { after: _after, limit: _limit, ...asked } = query;
    const name = JSON.stringify([who.kind, who.id, who.session, who.organisation, asked]);
    if (this.#seen.get(name)) return;
    await this.#write(who, { outcome: "done", because: "own-duty", detail: { ...asked, count } });
    this.#seen.set(name, true);
  }

  refuse(who: Actor): Promise<void> {
    return this.#write(who, { outcome: "refused", because: "role", detail: {} });
  }

  #write(
    who: Actor,
    said: { outcome: "done" | "refused"; because: string; detail: Record<string, unknown> },
  ): Promise<void> {
    return this.#world.database.transaction(scopeOf(who), async (tx) => {
      await recordEntry({ tx, now: tx.now, keyring: this.#world.keyring }, who, {
        organisation: who.organisation,
        action: "audit.search",
        ...said,
      });
    });
  }
}
