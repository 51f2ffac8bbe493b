import type { FastifyInstance } from "fastify";
import { ChangeName } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { changeOwnName } from "#features/people/own-name.ts";
import { actorOf, type PeopleHttpNeeds } from "./context.ts";

/** What is one's own to change. */
export function addAccountRoutes(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  app.put("/api/account/name", async (request) => {
    await changeOwnName(needs.world, await actorOf(needs, request), parseInput(ChangeName, request.body).displayName);
    return {};
  });
}
