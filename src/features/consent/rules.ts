import type { Purpose, Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";

/** One pure table: which purposes stand on care itself, and which only on what the patient allowed. */
export type Ground = "care" | "consent";

const GROUNDS: Record<Purpose, Ground> = {
  care: "care",
  "second-opinion": "care",
  "patient-request": "care",
  emergency: "care",
  audit: "care",
  operations: "care",
  teaching: "consent",
  research: "consent",
  insurer: "consent",
};

export function groundOf(purpose: Purpose): Ground {
  return GROUNDS[purpose];
}

export type ConsentForRule = { decision: "given" | "refused"; from: Date; until: Date | null; endedAt: Date | null };

/** A consent carries only while it is given, begun, not ended and not withdrawn. */
export function consentStands(consent: ConsentForRule, now: Date): boolean {
  return (
    consent.decision === "given" &&
    consent.endedAt === null &&
    consent.from <= now &&
    (consent.until === null || now < consent.until)
  );
}

const DESK: readonly Role[] = ["radiographer", "radiologist", "privacy-officer"];
const PUBLISHERS: readonly Role[] = ["administrator", "privacy-officer"];

const hasOne = (who: Actor, roles: readonly Role[]): boolean =>
  who.kind === "person" && who.roles.some((role) => roles.includes(role));

/** Who takes consent at the desk, and who ends one when the patient says so. */
export function mayTakeConsent(who: Actor): boolean {
  return hasOne(who, DESK);
}

/** Who sees what a patient allowed: whoever takes consent, and whoever answers for it. */
export function maySeeConsents(who: Actor): boolean {
  return hasOne(who, [...DESK, "administrator", "auditor"]);
}

/** Who decides which text patients are asked to agree to. The program itself publishes the templates it brings. */
export function mayPublishForms(who: Actor): boolean {
  return who.kind === "system" || hasOne(who, PUBLISHERS);
}

export type FormForRule = { purposes: readonly Purpose[]; effectiveAt: Date; retiredAt: Date | null };
export type ConsentProblem = "form-retired" | "purpose-not-in-form" | "ends-in-the-past";

/** What is wrong with recording a decision under a form's version, or null: it must be the current one and cover every purpose. */
export function consentProblem(
  form: FormForRule,
  decision: { purposes: readonly Purpose[]; until: Date | null },
  now: Date,
): ConsentProblem | null {
  if (form.retiredAt !== null || form.effectiveAt > now) return "form-retired";
  if (!decision.purposes.every((purpose) => form.purposes.includes(purpose))) return "purpose-not-in-form";
  return decision.until !== null && decision.until <= now ? "ends-in-the-past" : null;
}
