import type { SecretKey } from "#features/keys/keyring.ts";
import { Recent } from "#kit/recent.ts";

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
  readonly #known = new Recent<{ epoch: bigint; place: Place }>({ room: REMEMBERED, age: REMEMBER_MS });

  get(name: string, epoch: bigint): Place | undefined {
    const known = this.#known.get(name);
    return known?.epoch === epoch ? known.place : undefined;
  }

  /** Only what was committed may be remembered. */
  put(name: string, epoch: bigint, place: Place): void {
    if (this.get(name, epoch)) return;
    this.#known.set(name, { epoch, place });
  }

  forget(): void {
    this.#known.clear();
  }
}
