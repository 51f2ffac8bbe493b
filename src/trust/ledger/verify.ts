import { readCheckpoint } from "./checkpoint.ts";
import { faultless } from "./finding.ts";
import {
  type CheckpointRecord,
  type LedgerReport,
  type LedgerRow,
  LedgerVerifier,
  type PublicKeys,
  type VerifyOptions,
} from "./verifier.ts";

/**
 * Verifies rows (in the order of the tree) against checkpoints (in the order they were signed). Nothing found means: these
 * are the entries that were signed, all of them up to `signedTo`, and they continue every tree that `since` names.
 */
export async function verifyEntries(
  rows: AsyncIterable<LedgerRow> | Iterable<LedgerRow>,
  checkpoints: AsyncIterable<CheckpointRecord> | Iterable<CheckpointRecord>,
  publicKey: PublicKeys,
  options: VerifyOptions = {},
): Promise<LedgerReport> {
  const verifier = new LedgerVerifier(publicKey, options);
  for await (const event of inOrder(rows, checkpoints)) {
    if ("note" in event) verifier.checkpoint(event);
    else verifier.row(event);
  }
  return verifier.end();
}

/** Rows and checkpoints as one sequence: a checkpoint comes before the first row that it does not cover. */
export async function* inOrder(
  rows: AsyncIterable<LedgerRow> | Iterable<LedgerRow>,
  checkpoints: AsyncIterable<CheckpointRecord> | Iterable<CheckpointRecord>,
): AsyncGenerator<LedgerRow | CheckpointRecord, void, undefined> {
  const pending = iterate(checkpoints);
  let due = await pending.next();
  for await (const row of rows) {
    while (!due.done && sizeOf(due.value) <= row.sequence) {
      yield due.value;
      due = await pending.next();
    }
    yield row;
  }
  while (!due.done) {
    yield due.value;
    due = await pending.next();
  }
}

async function* iterate<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** A note that cannot be read comes at once, to be found. */
function sizeOf({ note }: CheckpointRecord): number {
  return faultless(() => readCheckpoint(note).size) ?? 0;
}
