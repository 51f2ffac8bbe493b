import type { FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import type { Presence, Signin } from "#features/people/signin/signin.ts";
import type { TokenDoor } from "#features/people/tokens/door.ts";

/** `underWay`: the request was let in before and is judged again while its body comes in. */
export type Authenticate = (request: FastifyRequest, underWay?: "under-way") => Promise<Actor | null>;

/**
 * Who asks, for every HTTP route: a machine by its token, a person by their session; null for nobody we know. A request that
 * brings an Authorization header is judged by that alone. Both are asked for in the database each time.
 */
export function authenticator(signin: Pick<Signin, "actor">, tokens: Pick<TokenDoor, "open">): Authenticate {
  const counted = new WeakSet<FastifyRequest>();
  const presenceIn = (request: FastifyRequest): Presence => {
    const active = isActivity(request) && !counted.has(request);
    counted.add(request);
    return active ? "active" : "listening";
  };
  return (request, underWay) => {
    const header = request.headers.authorization;
    if (header === undefined) return signin.actor(request, underWay ?? presenceIn(request));
    const token = /^Bearer +([\x21-\x7e]{1,200})$/i.exec(header)?.[1];
    return token === undefined ? Promise.resolve(null) : tokens.open(token);
  };
}

/** Whether a person is there: a page that only listens, or says that it asks by itself, keeps no session alive; nor does judging one request again. */
export function isActivity({ headers }: Pick<FastifyRequest, "headers">): boolean {
  return headers["safelight-idle"] === undefined && headers.accept?.includes("text/event-stream") !== true;
}
