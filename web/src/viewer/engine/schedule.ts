/**
 * Runs jobs a few at a time, always the one that matters most at that moment: `rank` is asked anew whenever a place is free
 * (lower first, undefined: not wanted now), so that a jump in the stack overtakes everything that was queued before.
 */
export class Schedule<Key> {
  readonly #rank: (key: Key) => number | undefined;
  #width: number;
  readonly #waiting = new Map<Key, () => Promise<void>>();
  #running = 0;

  constructor(rank: (key: Key) => number | undefined, width: number) {
    this.#rank = rank;
    this.#width = width;
  }

  /** How many run side by side from now on. */
  set width(width: number) {
    this.#width = width;
    this.pump();
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Adds a job; the same key again replaces the one that still waits. The job must not throw. */
  add(key: Key, job: () => Promise<void>): void {
    this.#waiting.set(key, job);
    queueMicrotask(() => this.pump());
  }

  drop(keep: (key: Key) => boolean = () => false): void {
    for (const key of this.#waiting.keys()) if (!keep(key)) this.#waiting.delete(key);
  }

  /** Starts what there is room for; call it when ranks changed. */
  pump(): void {
    while (this.#running < this.#width) {
      const next = this.#next();
      if (next === undefined) return;
      const job = this.#waiting.get(next.key);
      this.#waiting.delete(next.key);
      if (!job) return;
      this.#running++;
      void job().finally(() => {
        this.#running--;
        this.pump();
      });
    }
  }

  #next(): { key: Key } | undefined {
    let found: { key: Key } | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const key of this.#waiting.keys()) {
      const rank = this.#rank(key);
      if (rank === undefined || rank >= least) continue;
      least = rank;
      found = { key };
    }
    return found;
  }
}
