import type { FastifyRequest } from "fastify";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { mayAdminister } from "#features/people/administration.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import type { Setup } from "#features/people/joining/setup.ts";
import type { Signin } from "#features/people/signin/signin.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";

/** What the routes of people need. */
export type PeopleHttpNeeds = {
  world: World;
  signin: Signin;
  setup: Setup;
  authenticate: Authenticate;
  /** Our own certification authority: issues for devices, and its certificate for them to trust. */
  authority: {
    authority: string;
    issueForDevice(name: { aeTitle: string; organisation: string }): Promise<{ key: string; cert: string }>;
  };
  publicUrl: () => string;
  demo: boolean;
};

/** @throws Fault sign-in.required */
export async function actorOf(needs: Pick<PeopleHttpNeeds, "authenticate">, request: FastifyRequest): Promise<Actor> {
  const who = await needs.authenticate(request);
  if (who === null) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
  return who;
}

/** Asks in the scope of an administrator. @throws Fault role.denied for anybody else */
export async function askAsAdministrator<T>(
  needs: Pick<PeopleHttpNeeds, "authenticate" | "world">,
  request: FastifyRequest,
  ask: (tx: Tx, who: Actor) => Promise<T>,
): Promise<T> {
  const who = await actorOf(needs, request);
  if (!mayAdminister(who)) throw new Fault("role.denied", "Only an administrator of your organisation can see this.");
  return needs.world.database.read(scopeOf(who), (tx) => ask(tx, who));
}

export const idOf = (request: FastifyRequest): string => (request.params as { id: string }).id;
export const instant = (date: Date | null): string | null => date?.toISOString() ?? null;
