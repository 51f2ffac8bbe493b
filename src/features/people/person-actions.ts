import { z } from "zod";
import { Invite, SetRoles } from "#contract/people.ts";
import { Id, type Role } from "#contract/words.ts";
import { type ActionTx, action, type World } from "#features/audit/action.ts";
import { type Actor, systemActor } from "#features/audit/actor.ts";
import { isResting, RESTING } from "#features/audit/rules.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { appointingRefused, mayAppoint, REFUSED } from "#features/people/administration.ts";
import { endInvitations, insertInvitation, openInvitation } from "#features/people/joining/invitation-queries.ts";
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
  workplacesOf,
  worksElsewhere,
} from "#features/people/person-queries.ts";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { queueMail } from "#platform/mail.ts";
import { createSecret, hashSecret } from "#trust/tokens/secret.ts";

const INVITATION_MS = 7 * 86_400_000;

/** `id` is the invitation's own: who the person is stays unknown to whoever invites until they join. */
export type Invited = { id: string; person: string; secret: Hidden<string>; url: Hidden<string> };
type Letter = {
  person: string;
  email: string;
  displayName: string;
  role: Role;
  publicUrl: string;
  reason: "invite" | "reset";
};

const WithAddress = { publicUrl: z.url() };

/** Invites somebody to the organisation in a role, by a message with a secret link that holds for a week. */
export const invitePerson = action("person.invite", Invite.extend(WithAddress), async (inside, who, input) => {
  const refused = appointingRefused(who);
  if (refused !== null) return refused;
  const { tx } = inside;
  const known = await personByAddress(tx, input.email);
  const person = known ?? uuidv7();
  if (known !== null && (await rolesOf(tx, who.organisation, known)).length > 0) {
    if ((await personById(tx, known))?.auth_user)
      throw new Fault("state.conflict", "This person works here already; change their roles instead.", {
        place: "email",
      });
  }
  await insertPerson(tx, { id: person, email: input.email, displayName: input.displayName });
  const invited = await writeInvitation(inside, who, { ...input, person, reason: "invite" });
  return { done: invited, audit: { subject: invited.id, detail: { email: input.email, role: input.role } } };
});

async function writeInvitation(inside: ActionTx, who: Actor, letter: Letter): Promise<Invited> {
  const { tx, now, random } = inside;
  const secret = createSecret("invite", random);
  const id = uuidv7();
  await insertInvitation(tx, {
    organisation: who.organisation,
    id,
    email: letter.email,
    displayName: letter.displayName,
    role: letter.role,
    secretHash: hashSecret(secret),
    createdBy: who.id,
    expiresAt: new Date(now.getTime() + INVITATION_MS),
  });
  const url = `${letter.publicUrl}/invite#${secret.reveal()}`;
  const house = (await organisationById(tx, who.organisation))?.name ?? "";
  const by = who.kind === "system" ? "The operator of Safelight" : `An administrator of ${house}`;
  await queueMail(inside, { organisation: who.organisation, to: letter.email, ...wordsOf(letter, { house, by, url }) });
  return { id, person: letter.person, secret, url: new Hidden(url) };
}

type Said = { house: string; by: string; url: string };

function wordsOf({ displayName, reason }: Letter, { house, by, url }: Said): { subject: string; body: string } {
  const why =
    reason === "invite"
      ? `${house} invites you to work with its medical images in Safelight.`
      : `${by} has reset your password and second factor in Safelight. Your sessions have ended. If you did not ask for this, tell an administrator of ${house}.`;
  return {
    subject: reason === "invite" ? `${house}: invitation` : `${house}: your sign-in was reset`,
    body: `Dear ${displayName}\n\n${why}\n\nOpen this link within seven days, choose a password and set up the second factor:\n\n${url}\n\nThe link works once and for you alone. Please do not pass it on.\n`,
  };
}

/** The roles of a member from now on; at least one administrator remains. */
export const setRoles = action("person.roles", SetRoles.extend({ id: Id }), async ({ tx }, who, { id, roles }) => {
  const refused = appointingRefused(who);
  if (refused !== null) return refused;
  const before = await rolesOf(tx, who.organisation, id);
  if (before.length === 0) throw unknownPerson();
  await keepAnAdministrator(tx, who.organisation, id, before, roles);
  await endOtherRoles(tx, who.organisation, id, roles);
  for (const role of new Set(roles)) await giveRole(tx, who.organisation, id, role);
  await bumpEpochs(tx, [who.organisation, id]);
  return { done: {}, audit: { subject: id, detail: { before, after: [...new Set(roles)] } } };
});

/**
 * Ends a person's membership, and an invitation that waits for them; or an invitation alone, by its own ID. `user`: whose sessions
 * for this organisation end, all of them where they work nowhere else.
 */
export const dismissPerson = action("person.dismiss", z.object({ id: Id }), async ({ tx }, who, { id }) => {
  if (!mayAppoint(who)) return REFUSED;
  const before = await rolesOf(tx, who.organisation, id);
  if (isResting(who) && before.includes("administrator")) return RESTING; // who could still put a thief out
  const person = await personById(tx, id);
  const email = person?.email ?? (await openInvitation(tx, who.organisation, id))?.email;
  const withdrawn = email === undefined ? 0 : await endInvitations(tx, who.organisation, email);
  if (before.length === 0 && withdrawn === 0) throw unknownPerson();
  await keepAnAdministrator(tx, who.organisation, id, before, []);
  await endOtherRoles(tx, who.organisation, id, []);
  await bumpEpochs(tx, [who.organisation, id]);
  return {
    done: { user: person?.auth_user ?? null, elsewhere: await worksElsewhere(tx, id) },
    audit: { subject: id, detail: { before, withdrawn } },
  };
});

/**
 * Takes password and second factor from a member who lost them and invites them anew; never for oneself. Who works for another
 * organisation too signs in there by the same ones: the operator's shell alone takes those away.
 */
export const resetPerson = action(
  "person.reset",
  z.object({ id: Id, ...WithAddress }),
  async (inside, who, { id, publicUrl }) => {
    const { tx } = inside;
    const refused = appointingRefused(who);
    if (refused !== null) return refused;
    if (who.id === id)
      return {
        ...REFUSED,
        refused: "own",
        say: "Another administrator has to do this for you.",
        audit: { subject: id },
      };
    const [person, [role]] = [await personById(tx, id), await rolesOf(tx, who.organisation, id)];
    if (person === null || role === undefined) throw unknownPerson();
    if (who.kind !== "system" && (await worksElsewhere(tx, id))) return { ...ELSEWHERE, audit: { subject: id } };
    await forgetCredentials(tx, id);
    const { email, display_name: displayName } = person;
    const letter = { person: id, email, displayName, role, publicUrl, reason: "reset" as const };
    const invited = await writeInvitation(inside, who, letter);
    await bumpEpochs(tx, [who.organisation, id]);
    return { done: { ...invited, user: person.auth_user }, audit: { subject: id } };
  },
);

const noteReset = action("person.reset", z.object({ id: Id }), async (_inside, who, { id }) =>
  who.kind === "system" ? { done: {}, audit: { because: "operator", subject: id } } : REFUSED,
);

/**
 * The operator's reset, also for who works for several organisations: every one of them has it on its record. Theirs follow the
 * reset in transactions of their own; a crash in between loses those.
 */
export async function resetByOperator(
  world: World,
  who: Actor,
  input: { id: string; publicUrl: string },
): Promise<Invited & { user: string | null }> {
  const reset = await resetPerson(world, who, input);
  for (const organisation of await workplacesOf(world, input.id))
    if (organisation !== who.organisation) await noteReset(world, systemActor(organisation, who.session), input);
  return reset;
}

const ELSEWHERE = {
  refused: "elsewhere",
  fault: "state.conflict",
  say: "This person works for another organisation too, by the same sign-in. You can end their work for yours; only the operator can reset their sign-in: `safelight admin user reset`.",
} as const;

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
