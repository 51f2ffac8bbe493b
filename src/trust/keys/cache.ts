import type { Clock } from "#kit/time.ts";
import type { SecretKey } from "./wrap.ts";

/** Unwrapped keys live in memory this long at most. */
export const MAX_KEY_AGE_MS = 60_000;

type Entry = { key: SecretKey; epoch: bigint; until: number };

type CacheOptions = { now: Clock; maxAgeMs?: number; capacity?: number };

/**
 * Unwrapped keys for at most 60 s and only under the policy epoch they were fetched in. Use does not prolong an entry.
 * Entries are dropped, not overwritten with zeros: someone may hold the key between fetching and using it, and sealing
 * under a zeroed key would be worse than a key that waits for the garbage collector.
 */
export class KeyCache {
  readonly #entries = new Map<string, Entry>();
  readonly #now: Clock;
  readonly #maxAgeMs: number;
  readonly #capacity: number;
  #timer: NodeJS.Timeout | undefined;

  constructor({ now, maxAgeMs = MAX_KEY_AGE_MS, capacity = 10_000 }: CacheOptions) {
    this.#now = now;
    this.#maxAgeMs = Math.min(maxAgeMs, MAX_KEY_AGE_MS);
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The key, unless it is too old or was fetched under another epoch; then it is forgotten. */
  get(name: string, epoch: bigint): SecretKey | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (entry.epoch === epoch && entry.until > this.#now().getTime()) return entry.key;
    this.#entries.delete(name);
    return undefined;
  }

  /** Keeps a key; when the cache is full the oldest goes. */
  put(name: string, epoch: bigint, key: SecretKey): void {
    this.#entries.delete(name);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#capacity) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(name, { key, epoch, until: this.#now().getTime() + this.#maxAgeMs });
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#tick(), this.#maxAgeMs).unref();
  }

  /** Forgets every key whose name begins so; without a prefix, all. */
  purge(prefix = ""): void {
    for (const name of this.#entries.keys()) if (name.startsWith(prefix)) this.#entries.delete(name);
  }

  /** Forgets what is too old. Runs by itself while there are entries. */
  sweep(): void {
    const now = this.#now().getTime();
    for (const [name, entry] of this.#entries) if (entry.until <= now) this.#entries.delete(name);
  }

  #tick(): void {
    this.sweep();
    this.#timer = this.#entries.size > 0 ? setTimeout(() => this.#tick(), 1000).unref() : undefined;
  }
}
