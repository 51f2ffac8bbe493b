import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { OrganisationSettings } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { scopeOf } from "#features/audit/actor.ts";
import { changeOrganisation } from "#features/people/organisation-actions.ts";
import { organisationById } from "#features/people/organisation-queries.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { actorOf, askAsAdministrator, type PeopleHttpNeeds } from "./context.ts";

/** Name, colours, logo, languages and limits of one's organisation. */
export function addOrganisationRoutes(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  const { world } = needs;
  app.get("/api/organisation", (request) =>
    askAsAdministrator(needs, request, (tx, who) => settingsOf(tx, who.organisation)),
  );
  app.put("/api/organisation", async (request) => {
    const who = await actorOf(needs, request);
    await changeOrganisation(world, who, parseInput(OrganisationSettings, request.body));
    return world.database.read(scopeOf(who), (tx) => settingsOf(tx, who.organisation));
  });
}

async function settingsOf(tx: Tx, id: string): Promise<z.infer<typeof OrganisationSettings>> {
  const row = await organisationById(tx, id);
  if (row === null) throw new Fault("route.unknown", "There is no such organisation here.");
  const { name, colour, logo, languages, idle_minutes: idleMinutes, link_max_days: linkMaxDays } = row;
  return { name, colour, logo, languages, idleMinutes, linkMaxDays };
}
