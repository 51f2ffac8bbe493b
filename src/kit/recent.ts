type Entry<V> = { value: V; weight: number; until: number };

type RecentOptions<V> = {
  /** How much is kept, in the unit of `weigh`; in entries unless that is given. */
  room: number;
  weigh?: (value: V) => number;
  /** How long an entry is kept, in ms; use does not prolong it. */
  age?: number;
};

const TICK_MS = 1000;

/**
 * The newest entries of a cache: when there is no room the ones that were not asked for the longest go, and by itself whatever
 * is too old. What is heavier than the room is not kept.
 */
export class Recent<V> {
  readonly #room: number;
  readonly #weigh: (value: V) => number;
  readonly #age: number;
  readonly #entries = new Map<string, Entry<V>>();
  #weight = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ room, weigh = () => 1, age = Number.POSITIVE_INFINITY }: RecentOptions<V>) {
    this.#room = room;
    this.#weigh = weigh;
    this.#age = age;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): V | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    if (entry.until <= Date.now()) {
      this.#weight -= entry.weight;
      return undefined;
    }
    this.#entries.set(name, entry); // the one used last stands last
    return entry.value;
  }

  set(name: string, value: V): void {
    this.delete(name);
    const weight = this.#weigh(value);
    if (weight > this.#room) return;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight + weight <= this.#room) break;
      this.delete(oldest);
    }
    this.#entries.set(name, { value, weight, until: Date.now() + this.#age });
    this.#weight += weight;
    if (this.#age !== Number.POSITIVE_INFINITY && this.#timer === undefined)
      this.#timer = setTimeout(() => this.#tick(), TICK_MS).unref();
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#weight -= entry.weight;
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  #tick(): void {
    const now = Date.now();
    for (const [name, { until }] of this.#entries) if (until <= now) this.delete(name);
    this.#timer = this.#entries.size > 0 ? setTimeout(() => this.#tick(), TICK_MS).unref() : undefined;
  }
}
