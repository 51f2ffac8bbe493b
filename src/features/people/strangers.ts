import type { World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { houseOrganisation } from "#features/people/organisation-queries.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";

/** Somebody unknown at one of our doors: which door, from where, what was wrong, and what they said of themselves. */
export type Knock = { door: string; source: string; because: string; detail: Record<string, unknown> };

type Counted = { knock: Knock; more: number };

const WINDOW_MS = 60_000;
const SOURCES = 1_000;

/**
 * The record of strangers: the first knock of a source leaves an entry at once, what follows within a minute is one more
 * entry with its count. It belongs to the organisation that was first here, whose operator minds the doors.
 */
export class Strangers {
  readonly #world: World;
  readonly #session = uuidv7();
  readonly #counted = new Map<string, Counted>();
  readonly #timer: NodeJS.Timeout;

  constructor(world: World) {
    this.#world = world;
    this.#timer = setInterval(() => void this.#flush().catch(() => undefined), WINDOW_MS);
    this.#timer.unref();
  }

  /** Resolves when a first knock is durable; never throws for one that only counts. */
  async knock(knock: Knock): Promise<void> {
    const name = this.#counted.size < SOURCES ? `${knock.door} ${knock.source} ${knock.because}` : "everybody else";
    const counted = this.#counted.get(name);
    if (counted) {
      counted.more++;
      return;
    }
    this.#counted.set(name, { knock, more: 0 });
    await this.#record(knock, 1);
  }

  async #flush(): Promise<void> {
    const counted = [...this.#counted.values()];
    this.#counted.clear();
    for (const { knock, more } of counted) if (more > 0) await this.#record(knock, more);
  }

  async #record({ door, source, because, detail }: Knock, count: number): Promise<void> {
    const house = await this.#world.database.read(NO_SCOPE, houseOrganisation);
    if (house === null) return; // nobody is here yet whose record it could be
    const who = systemActor(house, this.#session);
    await this.#world.database.transaction({ organisation: house, person: null }, (tx) =>
      recordEntry({ tx, now: tx.now, keyring: this.#world.keyring }, who, {
        organisation: house,
        action: `${door}.stranger`,
        outcome: "refused",
        because,
        detail: { ...detail, source, count },
      }),
    );
  }

  /** Writes what is still counted; call it while the database answers. */
  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flush().catch(() => undefined);
  }
}
