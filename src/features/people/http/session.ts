import type { FastifyInstance, FastifyRequest } from "fastify";
import { type OrganisationCard, type Session, SwitchOrganisation } from "#contract/people.ts";
import type { World } from "#features/audit/action.ts";
import { parseInput } from "#features/audit/action.ts";
import { recordEntry } from "#features/audit/record.ts";
import { isActivity } from "#features/people/authenticate.ts";
import { cardOf, organisationById } from "#features/people/organisation-queries.ts";
import { personById } from "#features/people/person-queries.ts";
import { canOf } from "#features/people/session-rules.ts";
import { actorOf as personActor, type SignedIn } from "#features/people/signin/person-door.ts";
import { Fault } from "#kit/fault.ts";
import { refuseCrossSite } from "#platform/http/origin.ts";
import { instant, type PeopleHttpNeeds } from "./context.ts";

/** Who is signed in, where, as what; and working for another of one's organisations. */
export function addSessionRoutes(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  app.get("/api/session", async (request) => describe(needs, await signedIn(needs, request)));
  app.post("/api/session/organisation", async (request) => {
    refuseCrossSite(request, needs.publicUrl());
    const before = await signedIn(needs, request);
    const { organisation } = parseInput(SwitchOrganisation, request.body);
    const place = before.workplaces.find((workplace) => workplace.organisation === organisation);
    if (place === undefined) throw new Fault("access.denied", "You do not work for that organisation.");
    await needs.signin.sessions.workFor(before.session.id, organisation);
    const after: SignedIn = {
      ...before,
      session: { ...before.session, organisation },
      workplaces: [place, ...before.workplaces.filter((workplace) => workplace !== place)],
    };
    await noteSwitch(needs.world, after);
    return describe(needs, after);
  });
}

async function signedIn({ signin }: PeopleHttpNeeds, request: FastifyRequest): Promise<SignedIn> {
  const found = await signin.signedIn(request, isActivity(request) ? "active" : "listening");
  if (found === null) throw new Fault("sign-in.required", "Sign in first.");
  return found;
}

async function describe({ world, demo }: PeopleHttpNeeds, found: SignedIn): Promise<Session> {
  const { person, session, workplaces, restsUntil } = found;
  const [here] = workplaces;
  return world.database.read({ organisation: here.organisation, person }, async (tx) => {
    const row = await personById(tx, person);
    if (row === null) throw new Fault("sign-in.required", "Sign in first.");
    const cards = new Map<string, OrganisationCard>();
    for (const { organisation } of workplaces) {
      const known = await organisationById(tx, organisation);
      if (known) cards.set(organisation, cardOf(known));
    }
    const memberships = workplaces.flatMap(({ organisation, roles }) => {
      const card = cards.get(organisation);
      return card ? [{ organisation: card, roles }] : [];
    });
    const [first] = memberships;
    if (first === undefined) throw new Fault("sign-in.required", "Sign in first.");
    return {
      person: { id: person, displayName: row.display_name, email: row.email },
      organisation: first.organisation,
      roles: here.roles,
      memberships,
      purpose: personActor(found).purpose,
      idleMinutes: here.idleMinutes,
      factor: session.factor,
      restsUntil: instant(restsUntil),
      demo,
      can: canOf(here.roles),
    };
  });
}

async function noteSwitch(world: World, after: SignedIn): Promise<void> {
  const who = personActor(after);
  await world.database.transaction({ organisation: who.organisation, person: who.id }, (tx) =>
    recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
      organisation: who.organisation,
      action: "session.organisation",
      outcome: "done",
      because: "member",
      subject: who.id,
    }),
  );
}
