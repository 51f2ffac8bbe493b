import { z } from "zod";
import { ChangeName } from "#contract/people.ts";
import { action, type World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { REFUSED } from "#features/people/administration.ts";
import { personById, renamePerson, workplacesOf } from "#features/people/person-queries.ts";

const Rename = ChangeName.extend({ before: z.string() });

const rename = action("person.rename", Rename, async ({ tx }, who, { before, displayName: after }) => {
  if (who.kind !== "person") return { ...REFUSED, say: "Only a person has a name to change." };
  await renamePerson(tx, who.id, after);
  return { done: {}, audit: { because: "own", subject: who.id, detail: { before, after } } };
});

/**
 * What somebody is called is theirs to say: no inviter's word stays. It stands under reports in every organisation they work for,
 * so that each has the change on its record, in a transaction of its own.
 */
export async function changeOwnName(world: World, who: Actor, displayName: string): Promise<void> {
  const person = who.kind === "person" && (await world.database.read(scopeOf(who), (tx) => personById(tx, who.id)));
  const input = { displayName, before: person ? person.display_name : "" };
  await rename(world, who, input);
  if (who.kind !== "person") return;
  for (const organisation of await workplacesOf(world, who.id))
    if (organisation !== who.organisation) await rename(world, { ...who, organisation }, input);
}
