import { z } from "zod";
import { RecordAgreement } from "#contract/people.ts";
import { Id } from "#contract/words.ts";
import { action, type World } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { isResting, RESTING } from "#features/audit/rules.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { mayAdminister, mayAppoint, REFUSED } from "#features/people/administration.ts";
import { findOrganisation } from "#features/people/organisation-actions.ts";
import { endAgreementRow, insertAgreement } from "#features/sharing/agreement-queries.ts";
import { endGrants, grantsOnBasis } from "#features/sharing/grant-queries.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";

/** Papers with other organisations are the business of administrators and of the privacy officer: to see and to end. */
export function mayKeepAgreements(who: Actor): boolean {
  return mayAdminister(who) || mayRecordAgreements(who);
}

/** A new one lets another organisation in: no machine does that. */
function mayRecordAgreements(who: Actor): boolean {
  return mayAppoint(who) || (who.kind === "person" && who.roles.includes("privacy-officer"));
}

const Recording = RecordAgreement.extend({ partner: Id });

const insert = action("agreement.record", Recording, async ({ tx }, who, input) => {
  if (!mayRecordAgreements(who)) return REFUSED;
  if (isResting(who)) return RESTING;
  if (input.partner === who.organisation)
    throw new Fault("input.invalid", "An agreement is with another organisation.", { place: "partner" });
  const [from, until] = [new Date(input.from), new Date(input.until)];
  if (until <= from) throw new Fault("input.invalid", "It ends before it begins.", { place: "until" });
  const id = uuidv7();
  await insertAgreement(tx, { ...input, organisation: who.organisation, id, from, until, recordedBy: who.id });
  await bumpEpochs(tx, [who.organisation, input.partner]);
  const { kind, purposes, countries } = input;
  return {
    done: { id },
    audit: {
      subject: id,
      detail: { partner: input.partner, kind, purposes, countries, from: input.from, until: input.until },
    },
  };
});

/** The paper that lets this organisation hand studies to another one, named by its ID or exact name. */
export async function recordAgreement(
  world: World,
  who: Actor,
  input: z.input<typeof RecordAgreement>,
): Promise<{ id: string }> {
  const partner = mayRecordAgreements(who) ? await findOrganisation(world, input.partner) : who.organisation;
  return insert(world, who, { ...input, partner });
}

/** Ends an agreement, and with it every grant that rests on it, and only those. */
export const endAgreement = action("agreement.end", z.object({ id: Id }), async ({ tx }, who, { id }) => {
  if (!mayKeepAgreements(who)) return REFUSED;
  const partner = await endAgreementRow(tx, who.organisation, id);
  if (partner === null)
    throw new Fault("route.unknown", "There is no such agreement of yours, or it has ended.", { place: "id" });
  const grants = await grantsOnBasis(tx, who.organisation, id);
  await endGrants(
    tx,
    who.organisation,
    grants.map((grant) => grant.id),
    { by: who.id, basisEnded: true },
  );
  await bumpEpochs(tx, [who.organisation, partner, ...grants.map(({ subject }) => subject)]);
  return {
    done: { stopped: grants.length },
    audit: { subject: id, detail: { grants: grants.map((grant) => grant.id) } },
  };
});
