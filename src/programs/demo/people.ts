import type { Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import { bindCredentials, giveRole, insertPerson } from "#features/people/person-queries.ts";
import { enrolSecondFactor } from "#features/people/signin/enrol.ts";
import type { Hidden } from "#kit/hidden.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Serving } from "../routes.ts";

export const DEMO_PASSWORD = "a lamp for the darkroom";

export type DemoPerson = {
  id: string;
  user: string;
  email: string;
  displayName: string;
  organisation: string;
  roles: readonly Role[];
  secret: Hidden<string>;
};

/** A person of the demonstration, with a password and a second factor whose secret is printed. */
export async function demoPerson(
  { node, signin }: Serving,
  organisation: string,
  email: string,
  displayName: string,
  roles: readonly Role[],
): Promise<DemoPerson> {
  const id = uuidv7();
  const user = await signin.accounts.create(email, DEMO_PASSWORD);
  const secret = await enrolSecondFactor(signin.place, user);
  await node.database.transaction({ organisation, person: id }, async (tx) => {
    await insertPerson(tx, { id, email, displayName });
    await bindCredentials(tx, id, user);
    for (const role of roles) await giveRole(tx, organisation, id, role);
  });
  return { id, user, email, displayName, organisation, roles, secret };
}

export function actorOf(person: DemoPerson): Actor {
  return {
    kind: "person",
    id: person.id,
    organisation: person.organisation,
    roles: person.roles,
    purpose: "care",
    session: `demo-${person.id}`,
  };
}
