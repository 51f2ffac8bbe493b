import type { World } from "#features/audit/action.ts";
import { type Letter, openLetter } from "#platform/mail.ts";

/** The messages that wait in a world's outbox, the oldest first. */
export async function lettersIn({ database, pepper }: Pick<World, "database" | "pepper">): Promise<Letter[]> {
  const { rows } = await database.owner.query<{ id: string; sealed: Buffer }>(
    "select id, sealed from mail_outbox where sealed is not null order by id",
  );
  return rows.map(({ id, sealed }) => openLetter(pepper, id, sealed));
}
