import type { World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import type { InstanceRecord } from "#features/studies/queries.ts";
import type { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";

const WINDOW_MS = 60 * 60_000;
const INSTANCES = 10_000;

/**
 * Objects that are gone, cut or changed come on the record of the organisation that holds them, with the reason, once an hour while
 * somebody asks for them.
 */
export class Damage {
  readonly #world: World;
  readonly #now: () => number;
  readonly #session = uuidv7();
  readonly #told = new Map<string, number>();

  constructor(world: World, now: () => number = Date.now) {
    this.#world = world;
    this.#now = now;
  }

  /** Never throws: whoever reads hears of the damage itself. What could not be written is tried again with the next reader. */
  readonly note = (instance: InstanceRecord, fault: Fault): void => {
    const now = this.#now();
    if ((this.#told.get(instance.id) ?? 0) > now - WINDOW_MS) return;
    if (this.#told.size >= INSTANCES) this.#told.clear();
    this.#told.set(instance.id, now);
    this.#record(instance, fault).catch(() => this.#told.delete(instance.id));
  };

  async #record({ organisation, study, id }: InstanceRecord, { code }: Fault): Promise<void> {
    await this.#world.database.transaction({ organisation, person: null }, (tx) =>
      recordEntry({ tx, now: tx.now, keyring: this.#world.keyring }, systemActor(organisation, this.#session), {
        organisation,
        action: "instance.damaged",
        outcome: "failed",
        because: code,
        study,
        subject: id,
      }),
    );
  }
}
