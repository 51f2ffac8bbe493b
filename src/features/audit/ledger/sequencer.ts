import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Log } from "#platform/log.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { type KeptCheckpoint, type LedgerNeeds, lastCheckpoint, makeCheckpoint } from "./checkpoints.ts";
import { numberPending } from "./numbering.ts";
import { allLedgers, ledgersWithNews, readTree } from "./tree-queries.ts";
import type { WitnessFolder } from "./witness.ts";

export type SequencerOptions = {
  world: LedgerNeeds;
  witness: Pick<WitnessFolder, "keep">;
  log: Log;
  /** Told of every ledger whose tree grew or was signed. */
  onNews?: (organisation: string) => Promise<void>;
  everyMs?: number;
  checkpointMs?: number;
};

type Known = { size: number; signedSize: number; signedAt: number };

const EVERY_MS = 500;
const CHECKPOINT_MS = 60_000;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Numbers entries within a second of their commit, outside of every transaction that writes them, and signs checkpoints at
 * most once a minute while there is news, and when it stops. Several nodes may run one each.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #session = uuidv7();
  readonly #known = new Map<string, Known>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SequencerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const every = this.#options.everyMs ?? EVERY_MS;
    for (let pause = every, first = true; !this.#stop.signal.aborted; ) {
      try {
        await this.#pass(first);
        [pause, first] = [every, false];
      } catch (error) {
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
        this.#options.log.warn({ err: error }, "the record waits for its numbers");
      }
      await delay(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #pass(all: boolean): Promise<void> {
    const { database } = this.#options.world;
    const ask = all ? allLedgers : ledgersWithNews;
    for (const organisation of await database.read(NO_SCOPE, ask))
      await this.#each(organisation, () => this.#number(organisation));
    const due = Date.now() - (this.#options.checkpointMs ?? CHECKPOINT_MS);
    for (const [organisation, known] of this.#known) {
      if (known.size > known.signedSize && known.signedAt <= due)
        await this.#each(organisation, () => this.#sign(organisation));
    }
  }

  /** One ledger's damage does not stop the others. */
  async #each(organisation: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof Fault && error.row.retry === "later") throw error;
      this.#options.log.error({ organisation, err: error }, "a ledger could not be numbered or signed");
    }
  }

  async #number(organisation: string): Promise<void> {
    const { world, log, onNews } = this.#options;
    const { numbered, strange } = await numberPending(world, organisation);
    if (strange > 0) log.error({ organisation, rows: strange }, "rows in the record were not written by this program");
    if (numbered === 0 && this.#known.has(organisation)) return;
    const before = this.#known.get(organisation);
    const now = await this.#look(organisation);
    if (before !== undefined && now.size < before.size)
      log.error({ organisation, was: before.size, is: now.size }, "the record became shorter");
    this.#known.set(organisation, now);
    await onNews?.(organisation);
  }

  #look(organisation: string): Promise<Known> {
    return this.#options.world.database.read({ organisation, person: null }, async (tx) => {
      const { size } = await readTree(tx, organisation);
      const last = await lastCheckpoint(tx, organisation);
      return { size, signedSize: last?.size ?? 0, signedAt: last?.at.getTime() ?? 0 };
    });
  }

  async #sign(organisation: string): Promise<void> {
    const { world, witness } = this.#options;
    const made = await makeCheckpoint(world, organisation, this.#session, witness);
    const known = this.#known.get(organisation);
    if (made === null || known === undefined) return;
    this.#known.set(organisation, { ...known, signedSize: made.size, signedAt: made.at.getTime() });
    await this.#options.onNews?.(organisation);
  }

  /** Numbers what still waits and signs it; call it while the database answers and nobody writes any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    try {
      await settleLedgers(this.#options.world, this.#options.witness, this.#options.onNews);
    } catch (error) {
      this.#options.log.warn({ err: error }, "the record ends without a checkpoint; the next start makes it");
    }
  }
}

/** Numbers and signs one ledger now. */
export async function settleLedger(
  world: LedgerNeeds,
  organisation: string,
  witness: Pick<WitnessFolder, "keep">,
): Promise<KeptCheckpoint | null> {
  const { busy } = await numberPending(world, organisation);
  if (busy) await delay(200); // the other one is at it
  return makeCheckpoint(world, organisation, uuidv7(), witness);
}

/** The same for every ledger with news, and those whose newest entries nobody signed. */
export async function settleLedgers(
  world: LedgerNeeds,
  witness: Pick<WitnessFolder, "keep">,
  onNews?: (organisation: string) => Promise<void>,
): Promise<void> {
  for (const organisation of await world.database.read(NO_SCOPE, allLedgers)) {
    await settleLedger(world, organisation, witness);
    await onNews?.(organisation);
  }
}
