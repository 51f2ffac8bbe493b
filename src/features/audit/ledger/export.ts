import { z } from "zod";
import { action, type World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { isResting, mayReadRecord, REFUSED, RESTING } from "#features/audit/rules.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { type ExportRow, exportLines } from "#trust/ledger/export.ts";
import { checkpointsAfter, type KeptCheckpoint, type StoredCheckpoint } from "./checkpoints.ts";
import { settleLedger } from "./sequencer.ts";
import { publicKeys } from "./signing-keys.ts";
import { Details, entryIn } from "./stored-entry.ts";
import { entriesAfter } from "./tree-queries.ts";
import { rememberWitness, type WitnessFolder } from "./witness.ts";

const PAGE = 500;

const recordExport = action("ledger.export", z.object({ details: z.boolean() }), async (_inside, who, { details }) => {
  if (!mayReadRecord(who)) return REFUSED;
  return isResting(who) ? RESTING : { done: {}, audit: { because: "own-duty", detail: { details } } };
});

export type LedgerExport = { checkpoint: KeptCheckpoint | null; lines: AsyncGenerator<string, void, undefined> };

/**
 * The whole ledger as lines that verify offline, up to a checkpoint made for it: the export itself is on the record and in the
 * export. `details` discloses what entries commit to; without it the file holds IDs and codes only.
 * @throws Fault role.denied
 */
export async function exportLedger(
  world: World,
  who: Actor,
  options: { details: boolean; witness: Pick<WitnessFolder, "keep"> },
): Promise<LedgerExport> {
  await recordExport(world, who, { details: options.details });
  const { organisation } = who;
  const checkpoint = await settleLedger(world, organisation, options.witness);
  const key = await world.database.transaction({ organisation, person: null }, async (tx) => {
    if (checkpoint) await rememberWitness(tx, organisation, "export", checkpoint.size);
    return (await publicKeys(tx, world.keyring, organisation)).find(({ genuine }) => genuine);
  });
  const header = { organisation, publicKey: key?.line ?? "", from: 0 };
  const pages = new Pages(world, organisation, checkpoint?.size ?? 0, options.details);
  return { checkpoint, lines: exportLines(header, pages.rows(), pages.checkpoints()) };
}

/** What is numbered and signed does not change any more: each page is a short transaction of its own, however slow the reader. */
class Pages {
  readonly #world: World;
  readonly #organisation: string;
  readonly #end: number;
  readonly #details: boolean;

  constructor(world: World, organisation: string, end: number, details: boolean) {
    this.#world = world;
    this.#organisation = organisation;
    this.#end = end;
    this.#details = details;
  }

  async *rows(): AsyncGenerator<ExportRow, void, undefined> {
    let after: { leaf: string; id: string } | undefined;
    for (let full = true; full; ) {
      const page = await this.#read((tx) => this.#page(tx, after));
      for (const row of page.rows) {
        if (row.sequence >= this.#end) return;
        yield row;
      }
      [full, after] = [page.rows.length === PAGE, page.last];
    }
  }

  async #page(
    tx: Tx,
    after: { leaf: string; id: string } | undefined,
  ): Promise<{ rows: ExportRow[]; last: { leaf: string; id: string } | undefined }> {
    const found = await entriesAfter(tx, this.#organisation, after, PAGE);
    const details = new Details(tx, this.#world.keyring, this.#organisation);
    const rows: ExportRow[] = [];
    for (const row of found) {
      const sequence = Number(row.leaf);
      const entry = entryIn(row, sequence);
      const detail = this.#details && entry ? await details.of(row, entry) : undefined;
      rows.push({
        sequence,
        entry: entry ?? {},
        leaf: row.leaf_hash ?? undefined,
        ...(detail && row.salt ? { detail, salt: row.salt } : {}),
      });
    }
    const last = found.at(-1);
    return { rows, last: last && { leaf: last.leaf ?? "", id: last.id } };
  }

  async *checkpoints(): AsyncGenerator<StoredCheckpoint, void, undefined> {
    for (let after = -1, full = true; full; ) {
      const found = await this.#read((tx) => checkpointsAfter(tx, this.#organisation, after, PAGE));
      for (const one of found) {
        if (one.size > this.#end) return;
        yield one;
      }
      full = found.length === PAGE;
      after = found.at(-1)?.size ?? after;
    }
  }

  #read<T>(ask: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#world.database.read({ organisation: this.#organisation, person: null }, ask);
  }
}
