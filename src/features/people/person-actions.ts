import { z } from "zod";
import { Invite, SetRoles } from "#contract/people.ts";
import { Id, type Role } from "#contract/words.ts";
import { type ActionTx, action } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { mayAppoint, REFUSED } from "#features/people/administration.ts";
import { endInvitations, insertInvitation } from "#features/people/joining/invitation-queries.ts";
import { organisationById } from "#features/people/organisation-queries.ts";
import {
  endOtherRoles,
  forgetCredentials,
  giveRole,
  insertPerson,
  otherAdministrators,
  personByAddress,
  personById,
  rolesOf,
} from "#features/people/person-queries.ts";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { queueMail } from "#platform/mail.ts";
import { createSecret, hashSecret } from "#trust/tokens/secret.ts";

const INVITATION_MS = 7 * 86_400_000;

export type Invited = { id: string; secret: Hidden<string>; url: Hidden<string> };
type Letter = {
  id: string;
  email: string;
  displayName: string;
  role: Role;
  publicUrl: string;
  reason: "invite" | "reset";
};

const WithAddress = { publicUrl: z.url() };

/** Invites somebody to the organisation in a role, by a message with a secret link that holds for a week. */
export const invitePerson = action("person.invite", Invite.extend(WithAddress), async (inside, who, input) => {
  if (!mayAppoint(who)) return REFUSED;
  const { tx } = inside;
  const known = await personByAddress(tx, input.email);
  const id = known ?? uuidv7();
  if (known !== null && (await rolesOf(tx, who.organisation, known)).length > 0) {
    const person = await personById(tx, known);
    if (person?.auth_user)
      throw new Fault("state.conflict", "This person works here already; change their roles instead.", {
        place: "email",
      });
  }
  await insertPerson(tx, { id, email: input.email, displayName: input.displayName });
  const invited = await writeInvitation(inside, who, { ...input, id, reason: "invite" });
  return { done: invited, audit: { subject: id, detail: { email: input.email, role: input.role } } };
});

async function writeInvitation(inside: ActionTx, who: Actor, letter: Letter): Promise<Invited> {
  const { tx, now, random } = inside;
  const secret = createSecret("invite", random);
  await insertInvitation(tx, {
    organisation: who.organisation,
    id: uuidv7(),
    email: letter.email,
    displayName: letter.displayName,
    role: letter.role,
    secretHash: hashSecret(secret),
    createdBy: who.id,
    expiresAt: new Date(now.getTime() + INVITATION_MS),
  });
  const url = `${letter.publicUrl}/invite#${secret.reveal()}`;
  const house = (await organisationById(tx, who.organisation))?.name ?? "";
  await queueMail(inside, { organisation: who.organisation, to: letter.email, ...wordsOf(letter, house, url) });
  return { id: letter.id, secret, url: new Hidden(url) };
}

function wordsOf({ displayName, reason }: Letter, house: string, url: string): { subject: string; body: string } {
  const why =
    reason === "invite"
      ? `${house} invites you to work with its medical images in Safelight.`
      : `An administrator of ${house} has reset your password and second factor in Safelight. Your sessions have ended. If you did not ask for this, tell them.`;
  return {
    subject: reason === "invite" ? `${house}: invitation` : `${house}: your sign-in was reset`,
    body: `Dear ${displayName}\n\n${why}\n\nOpen this link within seven days, choose a password and set up the second factor:\n\n${url}\n\nThe link works once and for you alone. Please do not pass it on.\n`,
  };
}

/** The roles of a member from now on; at least one administrator remains. */
export const setRoles = action("person.roles", SetRoles.extend({ id: Id }), async ({ tx }, who, { id, roles }) => {
  if (!mayAppoint(who)) return REFUSED;
  const before = await rolesOf(tx, who.organisation, id);
  if (before.length === 0) throw unknownPerson();
  await keepAnAdministrator(tx, who.organisation, id, before, roles);
  await endOtherRoles(tx, who.organisation, id, roles);
  for (const role of new Set(roles)) await giveRole(tx, who.organisation, id, role);
  await bumpEpochs(tx, [who.organisation, id]);
  return { done: {}, audit: { subject: id, detail: { before, after: [...new Set(roles)] } } };
});

/** Ends a person's membership, and an invitation that waits for them. */
export const dismissPerson = action(
  "person.dismiss",
  z.object({ id: Id, email: z.string().nullable() }),
  async ({ tx }, who, { id, email }) => {
    if (!mayAppoint(who)) return REFUSED;
    const before = await rolesOf(tx, who.organisation, id);
    const withdrawn = email === null ? 0 : await endInvitations(tx, who.organisation, email);
    if (before.length === 0 && withdrawn === 0) throw unknownPerson();
    await keepAnAdministrator(tx, who.organisation, id, before, []);
    await endOtherRoles(tx, who.organisation, id, []);
    await bumpEpochs(tx, [who.organisation, id]);
    return {
      done: { user: (await personById(tx, id))?.auth_user ?? null },
      audit: { subject: id, detail: { before, withdrawn } },
    };
  },
);

/** Takes password and second factor from a member who lost them and invites them anew; never for oneself. */
export const resetPerson = action(
  "person.reset",
  z.object({ id: Id, ...WithAddress }),
  async (inside, who, { id, publicUrl }) => {
    const { tx } = inside;
    if (!mayAppoint(who)) return REFUSED;
    if (who.id === id)
      return {
        ...REFUSED,
        refused: "own",
        say: "Another administrator has to do this for you.",
        audit: { subject: id },
      };
    const [person, [role]] = [await personById(tx, id), await rolesOf(tx, who.organisation, id)];
    if (person === null || role === undefined) throw unknownPerson();
    await forgetCredentials(tx, id);
    const letter = {
      id,
      email: person.email,
      displayName: person.display_name,
      role,
      publicUrl,
      reason: "reset" as const,
    };
    const invited = await writeInvitation(inside, who, letter);
    await bumpEpochs(tx, [who.organisation, id]);
    return { done: { ...invited, user: person.auth_user }, audit: { subject: id } };
  },
);

async function keepAnAdministrator(
  tx: ActionTx["tx"],
  organisation: string,
  id: string,
  before: readonly Role[],
  after: readonly Role[],
): Promise<void> {
  if (!before.includes("administrator") || after.includes("administrator")) return;
  if ((await otherAdministrators(tx, organisation, id)) > 0) return;
  throw new Fault("state.conflict", "The organisation needs an administrator; appoint another one first.", {
    place: "roles",
  });
}

function unknownPerson(): Fault {
  return new Fault("route.unknown", "There is no such person here.", { place: "id" });
}
