import type { FastifyRequest } from "fastify";
import type { Actor } from "#features/audit/actor.ts";
import type { Signin } from "#features/people/signin/signin.ts";
import type { TokenDoor } from "#features/people/token-door.ts";

export type Authenticate = (request: FastifyRequest) => Promise<Actor | null>;

/**
 * Who asks, for every HTTP route: a machine by its token, a person by their session; null for nobody we know. A request that
 * brings an Authorization header is judged by that alone. Both are asked for in the database at each request.
 */
export function authenticator(signin: Pick<Signin, "actor">, tokens: Pick<TokenDoor, "open">): Authenticate {
  return (request) => {
    const header = request.headers.authorization;
    if (header === undefined) return signin.actor(request, request.headers["safelight-idle"] === undefined);
    const token = /^Bearer +([\x21-\x7e]{1,200})$/i.exec(header)?.[1];
    return token === undefined ? Promise.resolve(null) : tokens.open(token);
  };
}
