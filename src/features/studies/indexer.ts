import type { World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { type Indexed, indexBatch } from "#features/studies/index-batch.ts";
import type { IndexEntry } from "#features/studies/index-rows.ts";
import { Places } from "#features/studies/places.ts";
import { Fault } from "#kit/fault.ts";

/** What is to be indexed, and when its object is surely on the disk. */
type Indexable = { entry: IndexEntry; durable: Promise<void> };

type Waiting = Indexable & {
  who: Actor;
  resolve: (indexed: Indexed) => void;
  reject: (thrown: unknown) => void;
};

type Queue = { waiting: Waiting[]; running: boolean };

const BATCH = 64;

/**
 * Group commit: while one transaction of a sender's arrivals is under way the next ones gather, so that many associations share
 * one flush of the write-ahead log. `add` resolves only after the commit, and that comes only after every object of the batch
 * is on the disk.
 */
export class Indexer {
  readonly #world: World;
  readonly #places = new Places();
  readonly #queues = new Map<string, Queue>();

  constructor(world: World) {
    this.#world = world;
  }

  add(who: Actor, { entry, durable }: Indexable): Promise<Indexed> {
    return new Promise((resolve, reject) => {
      const name = `${who.organisation}/${who.kind}/${who.id ?? ""}`;
      const queue = this.#queues.get(name) ?? { waiting: [], running: false };
      this.#queues.set(name, queue);
      queue.waiting.push({ who, entry, durable, resolve, reject });
      if (!queue.running) void this.#drain(name, queue);
    });
  }

  async #drain(name: string, queue: Queue): Promise<void> {
    queue.running = true;
    await Promise.resolve(); // whoever is ready in this turn comes along
    while (queue.waiting.length > 0) await this.#commit(queue.waiting.splice(0, BATCH));
    queue.running = false;
    this.#queues.delete(name);
  }

  async #commit(batch: Waiting[]): Promise<void> {
    const who = batch[0]?.who;
    if (!who) return;
    try {
      const indexed = await indexBatch(
        this.#world,
        this.#places,
        who,
        batch.map((waiting) => waiting.entry),
        () => allDurable(batch),
      );
      batch.forEach((waiting, at) => {
        waiting.resolve(indexed[at] ?? { is: "known" });
      });
    } catch (thrown) {
      const kept = await withoutLost(batch);
      if (kept.length < batch.length) return this.#commit(kept);
      const alone = batch.length === 1 || (thrown instanceof Fault && thrown.row.retry === "later");
      if (alone) for (const waiting of batch) waiting.reject(thrown);
      else for (const waiting of batch) await this.#commit([waiting]); // one bad row must not fail its neighbours
    }
  }
}

async function allDurable(batch: readonly Waiting[]): Promise<void> {
  await Promise.all(batch.map(({ durable }) => durable));
}

/** Those whose objects are on the disk; whoever waits for another hears why it is not. */
async function withoutLost(batch: readonly Waiting[]): Promise<Waiting[]> {
  const outcomes = await Promise.allSettled(batch.map(({ durable }) => durable));
  return batch.filter((waiting, at) => {
    const outcome = outcomes[at];
    if (outcome?.status !== "rejected") return true;
    waiting.reject(outcome.reason);
    return false;
  });
}
