import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { type AgreementEnded, type AgreementRow, RecordAgreement } from "#contract/people.ts";
import { parseInput, type World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import { cardOf, organisationById } from "#features/people/organisation-queries.ts";
import { canOf } from "#features/people/session-rules.ts";
import { endAgreement, mayKeepAgreements, recordAgreement } from "#features/sharing/agreement-actions.ts";
import { agreementsBetween } from "#features/sharing/agreement-queries.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type AgreementHttpNeeds = { world: World; authenticate: Authenticate };

/** Partners: who may share or administer sees the agreements; who keeps them records and ends them. */
export function addAgreementHttp(app: FastifyInstance, { world, authenticate }: AgreementHttpNeeds): void {
  const actorOf = async (request: FastifyRequest): Promise<Actor> => {
    const who = await authenticate(request);
    if (who === null) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
    return who;
  };

  app.get("/api/partners", async (request) => {
    const who = await actorOf(request);
    const reader =
      mayKeepAgreements(who) || (who.kind === "person" && (canOf(who.roles).share || canOf(who.roles).audit));
    if (!reader) throw new Fault("role.denied", "Only those who share or administer see the agreements.");
    return world.database.read(scopeOf(who), (tx) => rowsOf(tx, who.organisation));
  });

  app.post("/api/partners", async (request) => {
    const who = await actorOf(request);
    const { id } = await recordAgreement(world, who, parseInput(RecordAgreement, request.body));
    const rows = await world.database.read(scopeOf(who), (tx) => rowsOf(tx, who.organisation));
    return rows.find((row) => row.id === id);
  });

  app.post(
    "/api/partners/:id/end",
    async (request): Promise<z.infer<typeof AgreementEnded>> =>
      endAgreement(world, await actorOf(request), { id: (request.params as { id: string }).id }),
  );
}

async function rowsOf(tx: Tx, organisation: string): Promise<AgreementRow[]> {
  const rows: AgreementRow[] = [];
  for (const record of await agreementsBetween(tx, organisation)) {
    const partner = await organisationById(tx, record.other);
    if (partner === null) continue;
    rows.push({
      id: record.id,
      partner: cardOf(partner),
      kind: record.kind,
      reference: record.reference,
      purposes: record.purposes,
      countries: record.countries,
      from: record.from_at.toISOString(),
      until: record.until_at.toISOString(),
      endedAt: record.ended_at?.toISOString() ?? null,
      grants: record.grants,
      given: record.organisation === organisation,
    });
  }
  return rows;
}
