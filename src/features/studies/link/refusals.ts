import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { closed, recordRefusal } from "#features/sharing/link-actions.ts";
import type { LinkNeeds } from "#features/studies/link/door.ts";
import { Fault, type FaultCode } from "#kit/fault.ts";

/** Refusals leave at multiples of this after their request arrived: what took how long does not tell. */
const STEP_MS = 250;
const MINUTE_MS = 60_000;
const REMEMBERED = 1_000;

/** What somebody may be told who was let in, or who holds the secret of an open link. */
const TOLD: readonly FaultCode[] = [
  "rate.limited",
  "request.cross-site",
  "request.cancelled",
  "decoder.failed",
  "decoder.busy",
  "dicom.undecodable",
  "database.unavailable",
  "storage.unavailable",
  "storage.missing",
  "seal.broken",
  "key.broken",
  "internal",
];

/**
 * One answer for everything that does not open: unknown, expired, revoked, used up, forbidden, malformed. The true reason goes
 * to the record, once a minute for the same secret; the answer waits for its time.
 */
export class Refusals {
  readonly #needs: LinkNeeds;
  readonly #noted = new Map<string, number>();

  constructor(needs: LinkNeeds) {
    this.#needs = needs;
  }

  async guard<T>(from: { source: string; secret: string | undefined }, run: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await run();
    } catch (thrown) {
      if (!(thrown instanceof Fault) || TOLD.includes(thrown.code)) throw thrown;
      await this.#note(from).catch(() => undefined); // a refusal stays one when the record cannot be reached
      await delay(STEP_MS - ((performance.now() - begun) % STEP_MS));
      throw closed();
    }
  }

  async #note({ source, secret = "" }: { source: string; secret: string | undefined }): Promise<void> {
    const name = createHash("sha256").update(secret).digest("base64url");
    const known = secret !== "" && (this.#noted.get(name) ?? 0) > Date.now() - MINUTE_MS;
    if (known) return;
    if (secret !== "" && (await recordRefusal(this.#needs.world, secret))) {
      if (this.#noted.size >= REMEMBERED) this.#noted.clear();
      this.#noted.set(name, Date.now());
      return;
    }
    await this.#needs.strangers.knock({ door: "link", source, because: "not-open", detail: {} });
  }
}
