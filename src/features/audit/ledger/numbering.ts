import { sql } from "kysely";
import { uuidv7 } from "#kit/uuid.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { entryHash } from "#trust/ledger/entry.ts";
import { appendLeaves } from "#trust/ledger/merkle.ts";
import type { LedgerNeeds } from "./checkpoints.ts";
import { signingKey } from "./signing-keys.ts";
import { Details, entryIn } from "./stored-entry.ts";
import {
  keepNodes,
  lockLedger,
  type NumberedLeaf,
  numberEntries,
  pendingAfter,
  readTree,
  type TreeNode,
  writeTree,
} from "./tree-queries.ts";

const BATCH = 1_000;
/** Subtrees of 256 leaves and larger are kept for proofs. */
export const KEPT_LEVEL = 8;

export type Numbered = {
  /** Entries that got their number now. */
  numbered: number;
  /** Rows that are no entry this server wrote: they get none, and verification tells of them. */
  strange: number;
  /** Another node had the ledger in hand. */
  busy: boolean;
};

/** Numbers everything that waits in one ledger, in transactions of a thousand entries. */
export async function numberPending(needs: LedgerNeeds, organisation: string): Promise<Numbered> {
  const total: Numbered = { numbered: 0, strange: 0, busy: false };
  for (;;) {
    const pass = await needs.database.transaction({ organisation, person: null }, (tx) =>
      numberBatch(tx, needs, organisation),
    );
    total.numbered += pass.numbered;
    total.strange = pass.strange;
    total.busy = pass.busy;
    if (pass.busy || !pass.more) return total;
  }
}

async function numberBatch(tx: Tx, needs: LedgerNeeds, organisation: string): Promise<Numbered & { more: boolean }> {
  if (!(await lockLedger(tx, organisation))) return { numbered: 0, strange: 0, busy: true, more: false };
  await sql`set local synchronous_commit = off`.execute(tx); // numbers can be given again; a checkpoint's commit flushes them
  const tree = await readTree(tx, organisation);
  const details = new Details(tx, needs.keyring, organisation);
  if (tree.size === 0 && (await pendingAfter(tx, organisation, undefined, 1)).length > 0)
    await signingKey(tx, needs.keyring, organisation, uuidv7()); // its making is one of the first entries
  const leaves: NumberedLeaf[] = [];
  let strange = 0;
  let after: string | undefined;
  let full = true;
  while (full && leaves.length < BATCH) {
    const rows = await pendingAfter(tx, organisation, after, BATCH);
    full = rows.length === BATCH;
    after = rows.at(-1)?.id;
    for (const row of rows) {
      const sequence = tree.size + leaves.length;
      const entry = entryIn(row, sequence);
      const isOurs = entry?.organisation === organisation && entry.subject.entry === row.id;
      if (isOurs && (await details.of(row, entry)) !== undefined)
        leaves.push({ id: row.id, leaf: sequence, hash: entryHash(entry) });
      else strange++;
    }
  }
  if (leaves.length > 0) {
    const nodes: TreeNode[] = [];
    const grown = appendLeaves(
      tree,
      leaves.map(({ hash }) => hash),
      (level, index, hash) => {
        if (level >= KEPT_LEVEL) nodes.push({ level, index, hash });
      },
    );
    await numberEntries(tx, organisation, leaves);
    await keepNodes(tx, organisation, nodes);
    await writeTree(tx, organisation, grown);
  }
  return { numbered: leaves.length, strange, busy: false, more: full };
}
