import { z } from "zod";
import { action, type World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { settleLedger } from "#features/audit/ledger/sequencer.ts";
import { type LiveReport, verifyLedger } from "#features/audit/ledger/verify-live.ts";
import type { WitnessFolder } from "#features/audit/ledger/witness.ts";
import { REFUSED } from "#features/audit/rules.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import type { Restored } from "./restore.ts";

const Told = z.object({
  backup: z.uuid(),
  takenAt: z.string(),
  sharing: z.string(),
  replayed: z.number(),
  tokens: z.number(),
  links: z.number(),
  invitations: z.number(),
});

const recordRestore = action("backup.restore", Told, async (_inside, who, { backup, ...detail }) =>
  who.kind === "system" ? { done: {}, audit: { subject: backup, because: "own-duty", detail } } : REFUSED,
);

/** Proves the restored ledgers against the checkpoints that the backup was a witness of, and puts the restore on every record. */
export async function proveRestored(
  world: World,
  { manifest, replayed, killed, sharingClosed }: Restored,
  witness: Pick<WitnessFolder, "keep">,
): Promise<LiveReport[]> {
  const { rows } = await world.database.owner.query<{ id: string }>("select id from organisation order by id");
  const reports: LiveReport[] = [];
  for (const { id } of rows) {
    const since = manifest.checkpoints.filter((note) => readCheckpoint(note).organisation === id);
    reports.push(await verifyLedger(world, id, { since }));
    const { tokens, links, invitations } = killed;
    await recordRestore(world, systemActor(id, uuidv7()), {
      backup: manifest.id,
      takenAt: manifest.takenAt,
      sharing: sharingClosed ?? "open",
      replayed: replayed.get(id) ?? 0,
      ...{ tokens, links, invitations },
    });
    await settleLedger(world, id, witness);
  }
  return reports;
}
