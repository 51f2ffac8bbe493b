import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { type ConsentForm, type ConsentRow, PublishForm, RecordConsent } from "#contract/sharing.ts";
import { Id } from "#contract/words.ts";
import { parseInput, type World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { NO_SUCH_STUDY } from "#features/audit/rules.ts";
import { publishForm, publishStarterForms, recordConsent } from "#features/consent/actions.ts";
import {
  type ConsentRecord,
  consentsOfPatient,
  type FormVersion,
  formsOf,
  patientNamedBy,
} from "#features/consent/queries.ts";
import { maySeeConsents, mayTakeConsent } from "#features/consent/rules.ts";
import type { Authenticate } from "#features/people/authenticate.ts";
import { Fault } from "#kit/fault.ts";

export type ConsentHttpNeeds = { world: World; authenticate: Authenticate };

/** Forms of the organisation, and what a patient decided. `:id` is a patient's, or that of one of their studies. */
export function addConsentHttp(app: FastifyInstance, { world, authenticate }: ConsentHttpNeeds): void {
  const actorOf = async (request: FastifyRequest): Promise<Actor> => {
    const who = await authenticate(request);
    if (who === null) throw new Fault("sign-in.required", "Sign in, or send a token that is valid here.");
    return who;
  };
  const forms = (who: Actor) => world.database.read(scopeOf(who), (tx) => formsOf(tx, who.organisation));

  app.get("/api/consent/forms", async (request) => {
    const who = await actorOf(request);
    if (who.kind !== "person") throw new Fault("role.denied", "Consent forms are for people.");
    const found = await forms(who);
    if (found.length > 0) return found.map(formRow);
    await publishStarterForms(world, who.organisation);
    return (await forms(who)).map(formRow);
  });

  app.post("/api/consent/forms", async (request, reply) => {
    const who = await actorOf(request);
    const { id } = await publishForm(world, who, parseInput(PublishForm, request.body));
    const published = (await forms(who)).find((form) => form.id === id);
    return reply.code(201).send(published && formRow(published));
  });

  app.get("/api/patients/:id/consents", async (request) => {
    const who = await actorOf(request);
    if (!maySeeConsents(who)) throw new Fault("role.denied", "Your role does not see what patients decided.");
    const id = idOf(request);
    const found = await world.database.read(scopeOf(who), async (tx) => {
      const patient = await patientNamedBy(tx, who.organisation, id);
      return patient === null ? null : consentsOfPatient(tx, who.organisation, patient);
    });
    if (found === null) throw new Fault("access.denied", "There is no such patient here for you.");
    return found.map(consentRow);
  });

  app.post("/api/patients/:id/consents", async (request, reply) => {
    const who = await actorOf(request);
    const input = parseInput(RecordConsent, request.body);
    // whoever takes no consent is refused by role, whether the patient is here or not
    if (mayTakeConsent(who) && !(await samePatient(world, who, idOf(request), input.study)))
      throw new Fault(NO_SUCH_STUDY.fault, NO_SUCH_STUDY.say);
    return reply.code(201).send(await recordConsent(world, who, input));
  });
}

/** The address and the body must mean one patient. */
function samePatient(world: World, who: Actor, id: string, study: string): Promise<boolean> {
  return world.database.read(scopeOf(who), async (tx) => {
    const named = await patientNamedBy(tx, who.organisation, id);
    return named !== null && named === (await patientNamedBy(tx, who.organisation, study));
  });
}

function idOf(request: FastifyRequest): string {
  const { id } = request.params as { id: string };
  const parsed = Id.safeParse(id.toLowerCase());
  if (!parsed.success) throw new Fault("access.denied", "There is no such patient here for you.");
  return parsed.data;
}

function formRow({ sha256, effectiveAt, retiredAt, ...form }: FormVersion): z.infer<typeof ConsentForm> {
  return {
    ...form,
    sha256: sha256.toString("hex"),
    effectiveAt: effectiveAt.toISOString(),
    retiredAt: retiredAt?.toISOString() ?? null,
  };
}

function consentRow({ from, until, endedAt, ...row }: ConsentRecord): z.infer<typeof ConsentRow> {
  return {
    ...row,
    from: from.toISOString(),
    until: until?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
  };
}
