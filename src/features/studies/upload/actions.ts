import { z } from "zod";
import { action } from "#features/audit/action.ts";
import { mayStore } from "#features/studies/sender.ts";
import { insertUpload } from "#features/studies/upload/queries.ts";
import { uuidv7 } from "#kit/uuid.ts";

/** Begins an upload from the page; the instances that come in are recorded as they arrive. */
export const beginUpload = action("upload.begin", z.object({}).loose(), async ({ tx, now }, who) => {
  if (who.kind !== "person" || !mayStore(who))
    return { refused: "role", fault: "role.denied", say: "You may not store studies here.", audit: {} };
  const id = uuidv7(now.getTime());
  await insertUpload(tx, who.organisation, id, who.id);
  return { done: { id }, audit: { subject: id, because: "own-care" } };
});
