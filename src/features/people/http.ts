import type { FastifyInstance } from "fastify";
import { addAccountRoutes } from "#features/people/http/account.ts";
import type { PeopleHttpNeeds } from "#features/people/http/context.ts";
import { addDeviceRoutes } from "#features/people/http/devices.ts";
import { addJoiningRoutes } from "#features/people/http/joining.ts";
import { addMemberRoutes } from "#features/people/http/members.ts";
import { addOrganisationRoutes } from "#features/people/http/organisation.ts";
import { addSessionRoutes } from "#features/people/http/session.ts";
import { addTokenRoutes } from "#features/people/http/tokens.ts";
import { addSigninRoutes } from "#features/people/signin/mount.ts";

export type { PeopleHttpNeeds } from "#features/people/http/context.ts";

/** Every route of `contract/people.ts` but agreements (they live in sharing, whose grants rest on them) and the demo's doors. */
export function addPeopleHttp(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  addSigninRoutes(app, needs.signin);
  addSessionRoutes(app, needs);
  addAccountRoutes(app, needs);
  addJoiningRoutes(app, needs);
  addMemberRoutes(app, needs);
  addDeviceRoutes(app, needs);
  addTokenRoutes(app, needs);
  addOrganisationRoutes(app, needs);
}
