import { createHash } from "node:crypto";
import { z } from "zod";
import { PublishForm, RecordConsent } from "#contract/sharing.ts";
import { action, type World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { NO_SUCH_STUDY } from "#features/audit/rules.ts";
import {
  type FormVersion,
  formById,
  formsOf,
  insertConsent,
  insertForm,
  latestVersion,
  lockedOrganisation,
  patientNamedBy,
} from "#features/consent/queries.ts";
import { type ConsentProblem, consentProblem, mayPublishForms, mayTakeConsent } from "#features/consent/rules.ts";
import { starterForms } from "#features/consent/starter-forms.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";

type Content = Pick<FormVersion, "form" | "version" | "language" | "jurisdiction" | "purposes" | "title" | "body">;

/** SHA-256 over the canonical JSON (RFC 8785) of all that a form says: whoever holds the text can show that it was this one. */
export function formHash({ form, version, language, jurisdiction, purposes, title, body }: Content): Buffer {
  const said = { form, version, language, jurisdiction, purposes: [...purposes], title, body };
  return createHash("sha256").update(canonicalJson(said)).digest();
}

/** Publishes a form, or its next version: from then on it cannot be changed, only followed by another. */
export const publishForm = action("consent.publish", PublishForm, async ({ tx }, who, input) => {
  if (!mayPublishForms(who))
    return {
      refused: "role",
      fault: "role.denied",
      say: "Only an administrator or privacy officer publishes consent forms.",
      audit: {},
    };
  const version = (await latestVersion(tx, who.organisation, input.form, input.language)) + 1;
  const content = { ...input, purposes: [...new Set(input.purposes)].sort(), version };
  const [id, sha256] = [uuidv7(), formHash(content)];
  const added = await insertForm(tx, { ...content, id, sha256, organisation: who.organisation, createdBy: who.id });
  if (!added)
    throw new Fault("state.conflict", "That form was published at the same moment; look at it, then try again.");
  const hash = sha256.toString("hex");
  return {
    done: { id, version, sha256: hash },
    audit: { subject: id, detail: { form: input.form, version, language: input.language, sha256: hash } },
  };
});

/**
 * The templates an organisation begins with, all or none of them; where there is any form already nothing is added. Two who ask
 * at the same moment wait for each other.
 */
const insertStarterForms = action("consent.begin", z.object({}), async ({ tx }, who) => {
  if (!mayPublishForms(who))
    return { refused: "role", fault: "role.denied", say: "The program brings its templates itself.", audit: {} };
  const organisation = await lockedOrganisation(tx, who.organisation);
  if (!organisation || (await formsOf(tx, who.organisation)).length > 0)
    return { done: {}, audit: { because: "forms-are-there" } };
  const hashes: Record<string, string> = {};
  for (const starter of starterForms(organisation.name)) {
    const content = { ...starter, jurisdiction: organisation.jurisdiction, version: 1 };
    const sha256 = formHash(content);
    await insertForm(tx, { ...content, id: uuidv7(), sha256, organisation: who.organisation, createdBy: null });
    hashes[starter.form] = sha256.toString("hex");
  }
  return { done: {}, audit: { detail: hashes } };
});

export async function publishStarterForms(world: World, organisation: string): Promise<void> {
  await insertStarterForms(world, systemActor(organisation, "starter-forms"), {});
}

const SAY: Record<ConsentProblem, string> = {
  "form-retired": "That version of the form is no longer in use; read the current one to the patient.",
  "purpose-not-in-form": "The form does not speak of that purpose; use one that does.",
  "ends-in-the-past": "It would end before it begins.",
};

/** What a patient decided, recorded at the desk under the version of the form they were read. A refusal is recorded too. */
export const recordConsent = action("consent.record", RecordConsent, async ({ tx, now }, who, input) => {
  const audit = { study: input.study };
  if (!mayTakeConsent(who))
    return { refused: "role", fault: "role.denied", say: "Your role does not take consent.", audit };
  const patient =
    input.studyOwner === who.organisation ? await patientNamedBy(tx, who.organisation, input.study) : null;
  const form = await formById(tx, who.organisation, input.formVersion);
  if (!patient || !form) return { ...NO_SUCH_STUDY, refused: "unknown", audit: {} };
  const until = input.until === null ? null : new Date(input.until);
  const problem = consentProblem(form, { purposes: input.purposes, until }, now);
  if (problem) return { refused: problem, fault: "state.conflict", say: SAY[problem], audit: { ...audit, patient } };
  const id = uuidv7();
  await insertConsent(tx, { ...input, organisation: who.organisation, id, patient, until, recordedBy: who.id });
  const { decision, givenBy, purposes, recipient, channel } = input;
  const detail = { form: form.form, version: form.version, sha256: form.sha256.toString("hex") };
  return {
    done: { id },
    audit: {
      ...audit,
      patient,
      subject: id,
      because: decision,
      detail: { ...detail, givenBy, purposes, recipient, channel, until: input.until },
    },
  };
});

export type RecordConsentInput = z.input<typeof RecordConsent>;
