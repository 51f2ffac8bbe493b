import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { AcceptInvitation, AfterPassword } from "#contract/people.ts";
import { Id, Name, Role } from "#contract/words.ts";
import { action } from "#features/audit/action.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import {
  type InvitationRecord,
  invitationByHash,
  openInvitation,
  takeInvitation,
} from "#features/people/joining/invitation-queries.ts";
import { cardOf, organisationById } from "#features/people/organisation-queries.ts";
import { bindCredentials, giveRole, isNewcomer, personByAuth, renamePerson } from "#features/people/person-queries.ts";
import { ACCOUNT, SECRETS } from "#features/people/signin/attempts.ts";
import { signInByPassword } from "#features/people/signin/mount.ts";
import { purposeOf } from "#features/people/signin/person-door.ts";
import type { Signin } from "#features/people/signin/signin.ts";
import { Fault } from "#kit/fault.ts";
import { sourceOf } from "#platform/http/source.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { hashSecret, parseSecret } from "#trust/tokens/secret.ts";

/** What stands on the page of an invitation. @throws Fault link.closed for one that is unknown, used, withdrawn or too old */
export async function lookAtInvitation(signin: Signin, request: FastifyRequest, secret: string) {
  const { organisation, email, display_name: displayName, role } = await find(signin, request, secret);
  const house = await signin.world.database.read({ organisation, person: null }, (tx) =>
    organisationById(tx, organisation),
  );
  if (house === null) throw closed();
  return { organisation: cardOf(house), email, displayName, role };
}

/**
 * Takes an invitation up: credentials where there are none, otherwise the password that is there; membership; then the password
 * step of a sign-in, so that enrolment or the code follow.
 */
export async function acceptInvitation(
  signin: Signin,
  request: FastifyRequest,
  reply: FastifyReply,
  { secret, password, displayName }: z.output<typeof AcceptInvitation>,
): Promise<AfterPassword> {
  const invitation = await find(signin, request, secret);
  const { email, person } = invitation;
  if (person === null) throw closed();
  const existing = await signin.accounts.byEmail(email);
  if (existing !== null) await provePassword(signin, existing, email, password);
  const user = existing ?? (await newAccount(signin, email, password));
  const name = { own: existing === null ? displayName : undefined, given: invitation.display_name };
  try {
    const who = { kind: "person", id: person, ...purpose(invitation), session: invitation.id } as const;
    await join(signin.world, who, { id: invitation.id, user, role: invitation.role, name });
  } catch (thrown) {
    if (existing === null && !(await isTaken(signin, user))) await signin.accounts.remove(user);
    throw thrown;
  }
  return signInByPassword(signin, request, reply, { email, password });
}

/** @throws Fault link.closed when somebody was quicker with the same invitation */
async function newAccount({ accounts }: Signin, email: string, password: string): Promise<string> {
  try {
    return await accounts.create(email, password);
  } catch (thrown) {
    throw thrown instanceof Fault && thrown.code === "state.conflict" ? closed() : thrown;
  }
}

/** Whether somebody joined by these credentials since they were made: the same person, in another browser. */
async function isTaken({ world }: Signin, user: string): Promise<boolean> {
  return (await world.database.read(NO_SCOPE, (tx) => personByAuth(tx, user))) !== null;
}

/** Whoever has an account joins by its password; wrong ones count as at the sign-in. */
async function provePassword(signin: Signin, user: string, email: string, password: string): Promise<void> {
  const allowance = await signin.attempts.count(ACCOUNT, email);
  if (!allowance.allowed) throw new Fault("rate.limited", "Too many wrong tries; come again later.");
  if (await signin.accounts.holds(user, password)) return signin.attempts.forgive(ACCOUNT, email);
  throw new Fault("sign-in.failed", "You have an account here already; give its password.");
}

function purpose({ organisation, role }: InvitationRecord) {
  return { organisation, roles: [role], purpose: purposeOf([role]) };
}

const Join = z.object({
  ...{ id: Id, user: z.string().min(1).max(64), role: Role },
  /** What they call themselves; else a newcomer is called what whoever's invitation they took up calls them. */
  name: z.object({ own: Name.optional(), given: z.string() }),
});

const join = action("person.join", Join, async ({ tx }, who, { id, user, role, name }) => {
  const { organisation, id: person } = who;
  if (person === null || !(await takeInvitation(tx, organisation, id))) throw closed();
  const called = name.own ?? ((await isNewcomer(tx, person)) ? name.given : null);
  if (called !== null) await renamePerson(tx, person, called);
  await bindCredentials(tx, person, user);
  await giveRole(tx, organisation, person, role);
  await bumpEpochs(tx, [organisation, person]);
  return { done: {}, audit: { subject: person, detail: { role, ...(called === null ? {} : { name: called }) } } };
});

async function find(signin: Signin, request: FastifyRequest, text: string): Promise<InvitationRecord> {
  const allowance = await signin.attempts.count(SECRETS, sourceOf(request.ip));
  if (!allowance.allowed) throw new Fault("rate.limited", "Too many tries; come again later.");
  const secret = parseSecret("invite", text);
  if (secret === undefined) throw closed();
  const { database } = signin.world;
  const found = await database.read(NO_SCOPE, (tx) => invitationByHash(tx, hashSecret(secret)));
  const invitation =
    found &&
    (await database.read({ organisation: found.organisation, person: null }, (tx) =>
      openInvitation(tx, found.organisation, found.id),
    ));
  if (!invitation) throw closed();
  await signin.attempts.forgive(SECRETS, sourceOf(request.ip));
  return invitation;
}

function closed(): Fault {
  return new Fault(
    "link.closed",
    "This invitation is not open any more. Ask the person who invited you for a new one.",
  );
}
