import type { z } from "zod";
import type { ConsentEnded } from "#contract/sharing.ts";
import { EndConsent } from "#contract/sharing.ts";
import { Id } from "#contract/words.ts";
import { action } from "#features/audit/action.ts";
import { recordEntry } from "#features/audit/record.ts";
import { endConsentEvent } from "#features/consent/queries.ts";
import { mayTakeConsent } from "#features/consent/rules.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { grantsOfPatient, type PatientGrant } from "#features/sharing/access-queries.ts";
import { endGrants, grantsOnBasis } from "#features/sharing/grant-queries.ts";

type Ended = z.infer<typeof ConsentEnded>;

/**
 * Withdraws a consent: every grant that rests on it ends in the same transaction, and only those; the next request under
 * them finds nothing. Answers what stopped, and what goes on with the basis it stands on.
 */
export const endConsent = action("consent.end", EndConsent.extend({ id: Id }), async (inside, who, { id, reason }) => {
  const { tx } = inside;
  if (!mayTakeConsent(who))
    return { refused: "role", fault: "role.denied", say: "Your role does not end consents.", audit: { subject: id } };
  const consent = await endConsentEvent(tx, who.organisation, id, reason);
  if (!consent)
    return {
      refused: "unknown",
      fault: "access.denied",
      say: "There is no consent here that stands.",
      audit: { subject: id },
    };
  const running = await grantsOfPatient(tx, who.organisation, consent.patient);
  const ending = await grantsOnBasis(tx, who.organisation, id);
  const ids = ending.map((grant) => grant.id);
  await endGrants(tx, who.organisation, ids, { by: who.id, basisEnded: true });
  for (const grant of ending) {
    await recordEntry(inside, who, {
      organisation: who.organisation,
      action: "grant.end",
      outcome: "done",
      because: "basis-ended",
      patient: grant.patient,
      study: grant.study,
      subject: grant.id,
    });
  }
  await bumpEpochs(tx, [who.organisation, ...ending.map((grant) => grant.subject)]);
  const done: Ended = {
    stopped: running.filter((grant) => ids.includes(grant.id)).map(({ id: grant, name }) => ({ grant, name })),
    stays: running.filter((grant) => !ids.includes(grant.id)).map(stays),
  };
  return {
    done,
    audit: { patient: consent.patient, subject: id, detail: { reason, stopped: ids, stays: done.stays.length } },
  };
});

/** Why it goes on: the kind of its basis; another consent is not this one. */
function stays({ id, name, basisKind }: PatientGrant): Ended["stays"][number] {
  return { grant: id, name, because: basisKind === "consent" ? "other-consent" : basisKind };
}
