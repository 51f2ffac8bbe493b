import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { type CreatedToken, CreateToken, type TokenRow } from "#contract/people.ts";
import { parseInput } from "#features/audit/action.ts";
import { scopeOf } from "#features/audit/actor.ts";
import { createToken, endToken } from "#features/people/tokens/actions.ts";
import { type TokenRecord, tokenById, tokensOf } from "#features/people/tokens/queries.ts";
import { Fault } from "#kit/fault.ts";
import { actorOf, askAsAdministrator, idOf, instant, type PeopleHttpNeeds } from "./context.ts";

/** Machines' tokens: the secret is in the answer that makes one, and nowhere else. */
export function addTokenRoutes(app: FastifyInstance, needs: PeopleHttpNeeds): void {
  const { world } = needs;
  app.get("/api/tokens", (request) =>
    askAsAdministrator(needs, request, async (tx, who) => (await tokensOf(tx, who.organisation)).map(rowOf)),
  );

  app.post("/api/tokens", async (request): Promise<z.infer<typeof CreatedToken>> => {
    const who = await actorOf(needs, request);
    const { id, secret } = await createToken(world, who, parseInput(CreateToken, request.body));
    const row = await world.database.read(scopeOf(who), (tx) => tokenById(tx, who.organisation, id));
    if (row === null) throw new Fault("state.conflict", "The token was removed meanwhile.");
    return { row: rowOf(row), token: secret.reveal() };
  });

  app.delete("/api/tokens/:id", async (request) =>
    endToken(world, await actorOf(needs, request), { id: idOf(request) }),
  );
}

function rowOf(token: TokenRecord): z.infer<typeof TokenRow> {
  return {
    id: token.id,
    name: token.name,
    scopes: token.scopes,
    purpose: token.purpose,
    createdAt: token.created_at.toISOString(),
    expiresAt: token.expires_at.toISOString(),
    lastUsedAt: instant(token.last_used_at),
    revokedAt: instant(token.revoked_at),
  };
}
