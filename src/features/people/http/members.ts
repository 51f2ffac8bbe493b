import type { FastifyInstance, FastifyReply } from "fastify";
import { Invite, type PersonRow, SetRoles } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { appointingRefused } from "#features/people/administration.ts";
import { openInvitationsOf } from "#features/people/joining/invitation-queries.ts";
import { dismissPerson, invitePerson, resetPerson, setRoles } from "#features/people/person-actions.ts";
import { peopleOf } from "#features/people/person-queries.ts";
import { INVITED, INVITING } from "#features/people/signin/attempts.ts";
import type { Signin } from "#features/people/signin/signin.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { actorOf, askAsAdministrator, idOf, instant, type PeopleHttpNeeds } from "./context.ts";

/** The people of an organisation: members and those who are invited. */
export function addMemberRoutes(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  const { world, signin } = needs;
  app.get("/api/people", (request) => askAsAdministrator(needs, request, (tx, who) => rowsOf(tx, who.organisation)));

  app.post("/api/people", async (request, reply) => {
    const who = await actorOf(needs, request);
    const input = parseInput(Invite, request.body);
    if (appointingRefused(who) === null) await notTooMany(signin, reply, who, input.email);
    const { id, person } = await invitePerson(world, who, { ...input, publicUrl: needs.publicUrl() });
    return world.database.read(scopeOf(who), (tx) => rowOf(tx, who.organisation, id, person));
  });

  app.put("/api/people/:id/roles", async (request) => {
    const who = await actorOf(needs, request);
    await setRoles(world, who, { ...parseInput(SetRoles, request.body), id: idOf(request) });
    return world.database.read(scopeOf(who), (tx) => rowOf(tx, who.organisation, idOf(request)));
  });

  app.delete("/api/people/:id", async (request) => {
    const who = await actorOf(needs, request);
    const { user, elsewhere } = await dismissPerson(world, who, { id: idOf(request) });
    if (user !== null)
      await (elsewhere ? signin.sessions.endAt(who.organisation, user) : signin.sessions.endAllOf(user));
    return {};
  });

  app.post("/api/people/:id/reset", async (request, reply) => {
    const who = await actorOf(needs, request);
    if (appointingRefused(who) === null) await notTooMany(signin, reply, who, idOf(request));
    const { user } = await resetPerson(world, who, { id: idOf(request), publicUrl: needs.publicUrl() });
    if (user !== null) await signin.accounts.remove(user);
    return {};
  });
}

/** @throws Fault rate.limited when this address or person was written to often enough for an hour */
async function notTooMany({ attempts }: Signin, reply: FastifyReply, who: Actor, to: string): Promise<void> {
  for (const [limit, source] of [
    [INVITING, `${who.organisation} ${to}`],
    [INVITED, to],
  ] as const) {
    const allowance = await attempts.count(limit, source);
    if (allowance.allowed) continue;
    void reply.header("retry-after", String(allowance.seconds));
    throw new Fault("rate.limited", "They were sent enough messages for now; try again in an hour.", {
      place: "email",
    });
  }
}

async function rowOf(tx: Tx, organisation: string, ...ids: string[]): Promise<PersonRow> {
  const row = (await rowsOf(tx, organisation)).find((candidate) => ids.includes(candidate.id));
  if (row === undefined) throw new Fault("route.unknown", "There is no such person here.", { place: "id" });
  return row;
}

/** Members stand under their own ID; who was never one, under the invitation's: whether they have an account elsewhere does not show. */
async function rowsOf(tx: Tx, organisation: string): Promise<PersonRow[]> {
  const members = await peopleOf(tx, organisation);
  const invited = await openInvitationsOf(tx, organisation);
  const waiting = new Set(invited.map(({ person }) => person));
  const rows = members.map((row): PersonRow => {
    const status = row.roles.length > 0 && row.signs_in ? "active" : waiting.has(row.id) ? "invited" : "dismissed";
    const { id, email, display_name: displayName, roles } = row;
    return { id, email, displayName, roles, status, lastSeenAt: instant(row.last_seen_at) };
  });
  const known = new Set(members.map(({ id }) => id));
  for (const { id, person, email, display_name: displayName, role } of invited) {
    if (person === null || known.has(person)) continue;
    rows.push({ id, email, displayName, roles: [role], status: "invited", lastSeenAt: null });
  }
  return rows;
}
