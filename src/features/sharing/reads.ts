import type { AuditAction } from "#contract/audit.ts";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import type { Opened } from "#features/sharing/gate.ts";

/** How images were used: looking, seeing them small as lists show them, taking raw data, taking a copy away. They stand apart in the record. */
export type Use = "view" | "thumbnail" | "retrieve" | "download";

type Counts = { instances: number; frames: number; bytes: number };
type Open = { who: Actor; opened: Opened; use: Use; counts: Counts; until: number; ready: Promise<void> };

const WINDOW_MS = 15 * 60_000;

/**
 * The record of reads: one entry per session, study, use and reason, durable before the first byte leaves; a closing entry with
 * instances, frames and bytes after 15 minutes or when the program drains.
 */
export class Reads {
  readonly #world: World;
  readonly #open = new Map<string, Open>();
  readonly #timer: NodeJS.Timeout;

  constructor(world: World) {
    this.#world = world;
    this.#timer = setInterval(() => void this.#closeOld(Date.now()).catch(() => undefined), 30_000);
    this.#timer.unref();
  }

  /** Resolves when the entry is durable. The returned function counts what was sent. */
  async begin(who: Actor, opened: Opened, use: Use): Promise<(add: Partial<Counts>) => void> {
    const name = [who.kind, who.id, who.session, opened.owner, opened.study, use, opened.because, opened.grant].join(
      "/",
    );
    let open = this.#open.get(name);
    if (!open || open.until < Date.now()) {
      if (open) await this.#close(name, open);
      open = {
        who,
        opened,
        use,
        counts: { instances: 0, frames: 0, bytes: 0 },
        until: Date.now() + WINDOW_MS,
        ready: this.#record(who, opened, `study.${use}`, undefined),
      };
      this.#open.set(name, open);
      open.ready.catch(() => this.#open.delete(name));
    }
    const { counts, ready } = open;
    await ready;
    return (add) => {
      counts.instances += add.instances ?? 0;
      counts.frames += add.frames ?? 0;
      counts.bytes += add.bytes ?? 0;
    };
  }

  #record(who: Actor, opened: Opened, action: AuditAction, counts: Counts | undefined): Promise<void> {
    return this.#world.database.transaction(scopeOf(who), async (tx) => {
      await recordEntry({ tx, now: tx.now, keyring: this.#world.keyring }, who, {
        organisation: opened.owner,
        action,
        outcome: "done",
        because: opened.because,
        study: opened.study,
        patient: opened.patient,
        subject: opened.grant ?? undefined,
        ...(counts ? { detail: counts } : {}),
      });
    });
  }

  async #closeOld(now: number): Promise<void> {
    for (const [name, open] of this.#open) if (open.until < now) await this.#close(name, open);
  }

  async #close(name: string, open: Open): Promise<void> {
    this.#open.delete(name);
    if (open.counts.bytes > 0) await this.#record(open.who, open.opened, `study.${open.use}.end`, open.counts);
  }

  /** Writes what is still open; call it while the database still answers. */
  async drain(): Promise<void> {
    clearInterval(this.#timer);
    for (const [name, open] of this.#open) await this.#close(name, open).catch(() => undefined);
  }
}
