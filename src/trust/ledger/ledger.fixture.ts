import { createHash, createPublicKey } from "node:crypto";
import { newKey } from "../keys/wrap.ts";
import { checkpointHash, signCheckpoint } from "./checkpoint.ts";
import { commitDetail, entryHash, type LedgerEntry } from "./entry.ts";
import type { ExportRow } from "./export.ts";
import { appendLeaf, EMPTY_FRONTIER, encodeFrontier, rootOf } from "./merkle.ts";
import { signingKeyOf } from "./signing.ts";
import type { CheckpointRecord } from "./verifier.ts";

export const signingKey = signingKeyOf(newKey());
export const publicKey = createPublicKey(signingKey);
export const organisation = "0190f3a0-7c1e-7000-8000-000000000001";

export type Story = { rows: ExportRow[]; checkpoints: CheckpointRecord[] };

/** An honest ledger of that many entries with checkpoints at those sizes, with its details; the same each time. */
export function ledgerOf(
  length: number,
  sizes: readonly number[],
  actionAt: (sequence: number) => string = () => "study.view",
): Story {
  const story: Story = { rows: [], checkpoints: [] };
  let frontier = EMPTY_FRONTIER;
  let previous: Buffer | undefined;
  for (let sequence = 0; sequence <= length; sequence++) {
    for (const size of sizes) {
      if (size !== sequence) continue;
      const at = new Date(Date.UTC(2026, 0, 1) + size * 1000);
      const note = signCheckpoint({ organisation, size, root: rootOf(frontier), previous, at }, signingKey);
      story.checkpoints.push({ note, frontier: encodeFrontier(frontier) });
      previous = checkpointHash(note);
    }
    if (sequence === length) break;
    const detail = { reason: `reason ${sequence}` };
    const { salt, commitment } = commitDetail(detail, createHash("sha256").update(`salt ${sequence}`).digest());
    const entry = entryOf(sequence, actionAt(sequence), commitment);
    const leaf = entryHash(entry);
    frontier = appendLeaf(frontier, leaf);
    story.rows.push({ sequence, entry, leaf, detail, salt });
  }
  return story;
}

function entryOf(sequence: number, action: string, detailCommitment: string): LedgerEntry {
  const at = new Date(Date.UTC(2026, 0, 1) + sequence * 1000).toISOString();
  const [actor, subject] = [{ person: "p1" }, { study: "1.2.3" }];
  return { organisation, sequence, at, action, actor, subject, outcome: "done", because: "own-care", detailCommitment };
}
