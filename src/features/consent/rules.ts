import type { Purpose } from "#contract/words.ts";

/** Catalogue D2, as one pure table: which purposes stand on care itself, and which only on what the patient allowed. */
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
