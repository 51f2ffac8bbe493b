import type { World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { houseOrganisation } from "#features/people/organisation-queries.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";

type Door = "dicom" | "dicom-tls" | "sign-in" | "link" | "token";

/** Somebody unknown at one of our doors: which door, from where, what was wrong, and what they said of themselves. */
export type Knock = { door: Door; source: string; because: string; detail: Record<string, unknown> };

/** What a source has done since its last entry. */
type Window = { knock: Knock; until: number; reasons: Map<string, number> };

const WINDOW_MS = 60_000;
const LOOK_MS = 2_000;
const SOURCES = 1_000;
const NAMES_OF_ONE_ADDRESS = 20;

/**
 * The record of strangers: at most one entry per source and minute, with its count and reasons. The first knock after a quiet
 * minute leaves it at once; a source that goes on gets one a minute. It belongs to the organisation that was first here,
 * whose operator minds the doors.
 */
export class Strangers {
  readonly #world: World;
  readonly #now: () => number;
  readonly #session = uuidv7();
  readonly #windows = new Map<string, Window>();
  readonly #timer: NodeJS.Timeout;

  constructor(world: World, now: () => number = Date.now) {
    this.#world = world;
    this.#now = now;
    this.#timer = setInterval(() => void this.sweep().catch(() => undefined), LOOK_MS);
    this.#timer.unref();
  }

  /** Resolves when a first knock is durable; never throws for one that only counts. */
  async knock(given: Knock): Promise<void> {
    const { name, knock } = this.#placeOf(given);
    const open = this.#windows.get(name);
    if (open) {
      open.reasons.set(knock.because, (open.reasons.get(knock.because) ?? 0) + 1);
      return;
    }
    this.#windows.set(name, { knock, until: this.#now() + WINDOW_MS, reasons: new Map() });
    try {
      await this.#record(knock, new Map([[knock.because, 1]]));
    } catch (thrown) {
      this.#windows.delete(name); // the next knock tries again
      throw thrown;
    }
  }

  /** An address that calls itself by ever new names, or more sources than anybody could look through, are counted together. */
  #placeOf(knock: Knock): { name: string; knock: Knock } {
    const name = `${knock.door} ${knock.source}`;
    if (this.#windows.has(name)) return { name, knock };
    const address = `${knock.door} ${knock.source.split(" ", 1).join()}`;
    const names = [...this.#windows.keys()].filter((key) => key === address || key.startsWith(`${address} `)).length;
    if (this.#windows.size >= SOURCES)
      return { name: "everybody else", knock: { ...knock, source: "many", detail: {} } };
    if (names < NAMES_OF_ONE_ADDRESS) return { name, knock };
    return { name: `${address} *`, knock: { ...knock, source: `${knock.source.split(" ", 1).join()} *`, detail: {} } };
  }

  /** Writes the entries of the minutes that are over; what cannot be written now goes on counting. */
  async sweep(now = this.#now()): Promise<void> {
    for (const [name, open] of this.#windows) {
      if (open.until > now) continue;
      if (open.reasons.size === 0) {
        this.#windows.delete(name);
        continue;
      }
      const { reasons } = open;
      this.#windows.set(name, { ...open, until: now + WINDOW_MS, reasons: new Map() });
      try {
        await this.#record(open.knock, reasons);
      } catch (thrown) {
        this.#windows.set(name, open);
        throw thrown;
      }
    }
  }

  async #record({ door, source, detail }: Knock, reasons: ReadonlyMap<string, number>): Promise<void> {
    const house = await this.#world.database.read(NO_SCOPE, houseOrganisation);
    if (house === null) return; // nobody is here yet whose record it could be
    const who = systemActor(house, this.#session);
    const [because = "unknown"] = [...reasons].sort(([, a], [, b]) => b - a)[0] ?? [];
    const count = [...reasons.values()].reduce((sum, times) => sum + times, 0);
    await this.#world.database.transaction({ organisation: house, person: null }, (tx) =>
      recordEntry({ tx, now: tx.now, keyring: this.#world.keyring }, who, {
        organisation: house,
        action: `${door}.stranger`,
        outcome: "refused",
        because,
        detail: { ...detail, source, count, reasons: Object.fromEntries(reasons) },
      }),
    );
  }

  /** Writes what is still counted; call it while the database answers. */
  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await this.sweep(Number.POSITIVE_INFINITY).catch(() => undefined);
  }
}
