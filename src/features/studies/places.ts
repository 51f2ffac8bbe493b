import type { SecretKey } from "#features/keys/keyring.ts";

/** What an arrival must know of the patient, study and series it belongs to. */
export type Place = { patient: string; study: string; series: string; key: SecretKey };

const REMEMBERED = 2_000;
/** As long as an unwrapped key may live in memory. */
const REMEMBER_MS = 60_000;

/**
 * Where recent arrivals went, so that the next slice of a series costs no look-up. A place is good under the policy epoch it was
 * committed under, for a minute: erasing or moving a study bumps the epoch.
 */
export class Places {
  readonly #known = new Map<string, { epoch: bigint; until: number; place: Place }>();

  get(name: string, epoch: bigint): Place | undefined {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    if (known.epoch === epoch && known.until > Date.now()) return known.place;
    this.#known.delete(name);
    return undefined;
  }

  /** Only what was committed may be remembered. */
  put(name: string, epoch: bigint, place: Place): void {
    if (this.get(name, epoch)) return;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < REMEMBERED) break;
      this.#known.delete(oldest);
    }
    this.#known.set(name, { epoch, until: Date.now() + REMEMBER_MS, place });
  }

  forget(): void {
    this.#known.clear();
  }
}
