import { createPublicKey, type KeyObject } from "node:crypto";
import type { Database, Tx } from "#platform/postgres/db.ts";
import { newKey } from "#trust/keys/wrap.ts";
import { entryHash } from "#trust/ledger/entry.ts";
import { faultless } from "#trust/ledger/finding.ts";
import { appendLeaf, EMPTY_FRONTIER, encodeFrontier, type MerkleFrontier } from "#trust/ledger/merkle.ts";
import { signingKeyOf } from "#trust/ledger/signing.ts";
import { type LedgerReport, LedgerVerifier } from "#trust/ledger/verifier.ts";
import { checkpointsAfter, type LedgerNeeds, type StoredCheckpoint } from "./checkpoints.ts";
import { publicKeys } from "./signing-keys.ts";
import { Details, entryIn, strayColumns } from "./stored-entry.ts";
import { entriesAfter, pendingAfter, readTree, type StoredEntry } from "./tree-queries.ts";

const PAGE = 1_000;
/** Checkpoints follow news within a minute: entries that are spread over more than this and unsigned are no accident. */
const UNSIGNED_SPREAD_MS = 15 * 60_000;

export type LiveOptions = {
  /** Notes that witnesses hold. */
  since?: readonly string[] | undefined;
  /** The key that reached the caller another way; without it the ones in the database, if their private halves are sealed there. */
  key?: KeyObject | undefined;
};

export type LiveReport = LedgerReport & { organisation: string; pending: number };

type Needs = { database: Pick<Database, "read">; keyring: LedgerNeeds["keyring"] };

/**
 * Verifies a ledger where it lives, on one snapshot, page by page: the tree and its checkpoints, the columns beside each
 * entry, and the sealed detail that only this server can have made. Damage is located at the entry.
 */
export function verifyLedger(needs: Needs, organisation: string, options: LiveOptions = {}): Promise<LiveReport> {
  return needs.database.read({ organisation, person: null }, (tx) =>
    new LiveVerification(tx, needs, organisation).run(options),
  );
}

class LiveVerification {
  readonly #tx: Tx;
  readonly #needs: Needs;
  readonly #organisation: string;
  readonly #details: Details;
  /** The tree over the entries as they stand in their rows, to compare with the sequencer's. */
  #tree: MerkleFrontier | undefined = EMPTY_FRONTIER;
  #end = 0;
  #newest = "";

  constructor(tx: Tx, needs: Needs, organisation: string) {
    this.#tx = tx;
    this.#needs = needs;
    this.#organisation = organisation;
    this.#details = new Details(tx, needs.keyring, organisation);
  }

  async run({ since, key }: LiveOptions): Promise<LiveReport> {
    const known = await publicKeys(this.#tx, this.#needs.keyring, this.#organisation);
    const genuine = known.filter((candidate) => candidate.genuine).map(({ publicKey }) => publicKey);
    const [first, ...others] = key ? [key] : genuine;
    const verifier = new LedgerVerifier([first ?? nobodysKey(), ...others], {
      organisation: this.#organisation,
      since,
      unsignedFrom: new Date(0),
    });
    if (genuine.length < known.length)
      verifier.find("checkpoint", 0, 0, "a signing key is kept here that this server did not make");
    await this.#entries(verifier);
    const pending = await this.#pending(verifier);
    await this.#compareTree(verifier);
    const report = verifier.end();
    return {
      ...report,
      findings: [...report.findings, ...(await this.#unsigned(report))],
      organisation: this.#organisation,
      pending,
    };
  }

  async #entries(verifier: LedgerVerifier): Promise<void> {
    const checkpoints = this.#checkpoints();
    let due = await checkpoints.next();
    for await (const row of this.#rows()) {
      const sequence = Number(row.leaf);
      while (!due.done && due.value.size <= sequence) {
        verifier.checkpoint(due.value);
        due = await checkpoints.next();
      }
      await this.#entry(verifier, row, sequence);
    }
    while (!due.done) {
      verifier.checkpoint(due.value);
      due = await checkpoints.next();
    }
  }

  async #entry(verifier: LedgerVerifier, row: StoredEntry, sequence: number): Promise<void> {
    const entry = entryIn(row, sequence);
    verifier.row({ sequence, entry: entry ?? {}, leaf: row.leaf_hash ?? undefined });
    if (row.leaf_hash === null)
      verifier.find("changed", sequence, sequence + 1, `the leaf's hash of entry ${sequence} is gone`);
    this.#tree = sequence === this.#end && entry && this.#tree ? appendLeaf(this.#tree, entryHash(entry)) : undefined;
    this.#end = sequence + 1;
    if (entry === undefined) return;
    if (entry.at > this.#newest) this.#newest = entry.at;
    const stray = strayColumns(row, entry, this.#organisation);
    if (stray.length > 0)
      verifier.find(
        "changed",
        sequence,
        sequence + 1,
        `entry ${sequence} (${row.id}): the column${stray.length > 1 ? "s" : ""} ${stray.join(", ")} beside it do${stray.length > 1 ? "" : "es"} not say what it says`,
      );
    if ((await this.#details.of(row, entry)) === undefined)
      verifier.find(
        "detail",
        sequence,
        sequence + 1,
        `entry ${sequence} (${row.id}) has not the sealed detail it commits to`,
      );
  }

  async *#rows(): AsyncGenerator<StoredEntry, void, undefined> {
    let after: { leaf: string; id: string } | undefined;
    for (let full = true; full; ) {
      const rows = await entriesAfter(this.#tx, this.#organisation, after, PAGE);
      yield* rows;
      const last = rows.at(-1);
      full = rows.length === PAGE && last?.leaf !== null;
      after = last && { leaf: last.leaf ?? "", id: last.id };
    }
  }

  async *#checkpoints(): AsyncGenerator<StoredCheckpoint, void, undefined> {
    for (let after = -1, full = true; full; ) {
      const found = await checkpointsAfter(this.#tx, this.#organisation, after, PAGE);
      yield* found;
      full = found.length === PAGE;
      after = found.at(-1)?.size ?? after;
    }
  }

  /** What waits for its number must be an entry of ours as well. */
  async #pending(verifier: LedgerVerifier): Promise<number> {
    let count = 0;
    let after: string | undefined;
    for (let full = true; full; ) {
      const rows = await pendingAfter(this.#tx, this.#organisation, after, PAGE);
      full = rows.length === PAGE;
      after = rows.at(-1)?.id;
      for (const row of rows) {
        const entry = entryIn(row, this.#end);
        const isOurs =
          entry !== undefined &&
          strayColumns(row, entry, this.#organisation).length === 0 &&
          (await this.#details.of(row, entry)) !== undefined;
        if (isOurs) count++;
        else
          verifier.find(
            "inserted",
            this.#end,
            this.#end,
            `the row ${row.id}, which waits for its number, was not written by this server or was changed since`,
          );
      }
    }
    return count;
  }

  async #compareTree(verifier: LedgerVerifier): Promise<void> {
    const kept = await readTree(this.#tx, this.#organisation).catch(() => undefined);
    if (kept === undefined)
      verifier.find("malformed", this.#end, this.#end, "the tree kept for the next number is none");
    else if (kept.size > this.#end)
      verifier.find("missing", this.#end, kept.size, "the tree kept for the next number had more entries");
    else if (kept.size < this.#end)
      verifier.find("inserted", kept.size, this.#end, "the tree kept for the next number does not know these entries");
    else if (this.#tree && !encodeFrontier(this.#tree).equals(encodeFrontier(kept)))
      verifier.find("changed", 0, this.#end, "the tree kept for the next number is not the one over these entries");
  }

  /** Entries that no checkpoint covers though newer ones came long after. */
  async #unsigned({ signedTo }: LedgerReport): Promise<LedgerReport["findings"]> {
    if (signedTo >= this.#end) return [];
    const [row] = await entriesAfter(
      this.#tx,
      this.#organisation,
      { leaf: String(signedTo), id: "00000000-0000-0000-0000-000000000000" },
      1,
    );
    const at = faultless(() => row && entryIn(row, Number(row.leaf))?.at);
    if (at === undefined || Date.parse(this.#newest) - Date.parse(at) < UNSIGNED_SPREAD_MS) return [];
    return [
      {
        kind: "unproven",
        from: signedTo,
        to: this.#end,
        says: "no checkpoint covers these entries, though newer ones came long after",
      },
    ];
  }
}

/** A ledger without a key has no checkpoint that holds. */
function nobodysKey(): KeyObject {
  return createPublicKey(signingKeyOf(newKey()));
}
