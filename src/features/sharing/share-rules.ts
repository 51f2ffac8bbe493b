import type { BasisKind, Purpose, Right, Role } from "#contract/words.ts";

/** May this person hand this study on? Needs a role, a purpose and a basis that stands and covers purpose and recipient. Pure. */

export type AgreementFacts = {
  id: string;
  partner: string;
  purposes: readonly Purpose[];
  from: Date;
  until: Date;
  endedAt: Date | null;
};
export type ConsentFacts = {
  id: string;
  patient: string;
  decision: "given" | "refused";
  purposes: readonly Purpose[];
  recipient: string;
  from: Date;
  until: Date | null;
  endedAt: Date | null;
};

export type ShareFacts = {
  owner: string;
  patient: string;
  agreements: readonly AgreementFacts[];
  consents: readonly ConsentFacts[];
  linkMaxDays: number;
};

export type Proposal = {
  subject:
    | { kind: "organisation"; id: string }
    | { kind: "person"; id: string; organisations: readonly string[] }
    | { kind: "link"; toPatient: boolean };
  purpose: Purpose;
  basis: { kind: BasisKind; id: string | null; note: string } | null;
  rights: readonly Right[];
  days: number;
  challenge: "code" | "password" | "birth-date" | null;
};

export type ShareBecause =
  | "agreement"
  | "consent"
  | "own-care"
  | "legal-order"
  | "role"
  | "not-owner"
  | "too-long"
  | "no-rights"
  | "basis-missing"
  | "basis-ended"
  | "basis-other-recipient"
  | "basis-other-purpose"
  | "basis-does-not-carry"
  | "consent-refused"
  | "challenge-missing"
  | "challenge-too-weak";

export type ShareVerdict = { allowed: boolean; because: ShareBecause; basisUntil: Date | null };

const SHARING_ROLES: readonly Role[] = ["radiographer", "radiologist", "privacy-officer"];
/** Care of one's own patient by another clinician, and a copy to the patient, do not rest on consent (catalogue D2). */
const OWN_CARE_PURPOSES: readonly Purpose[] = ["care", "second-opinion", "patient-request"];

const no = (because: ShareBecause): ShareVerdict => ({ allowed: false, because, basisUntil: null });
const yes = (because: ShareBecause, basisUntil: Date | null = null): ShareVerdict => ({
  allowed: true,
  because,
  basisUntil,
});

export function mayShare(
  who: { organisation: string; roles: readonly Role[] },
  facts: ShareFacts,
  proposal: Proposal,
  now: Date,
): ShareVerdict {
  if (who.organisation !== facts.owner) return no("not-owner");
  if (!who.roles.some((role) => SHARING_ROLES.includes(role))) return no("role");
  if (proposal.rights.length === 0 || !proposal.rights.includes("view")) return no("no-rights");
  if (proposal.days > facts.linkMaxDays && proposal.subject.kind === "link") return no("too-long");
  const weak = challengeProblem(proposal);
  if (weak) return no(weak);
  if (!proposal.basis) return no("basis-missing");
  switch (proposal.basis.kind) {
    case "agreement":
      return byAgreement(facts, proposal, now);
    case "consent":
      return byConsent(facts, proposal, now);
    case "own-care":
      return byOwnCare(facts, proposal, now);
    case "legal-order":
      return proposal.basis.note.trim().length >= 15 ? yes("legal-order") : no("basis-missing");
    case "emergency":
      return no("basis-does-not-carry"); // only breaking the glass makes this basis
  }
}

function challengeProblem(proposal: Proposal): ShareBecause | null {
  if (proposal.subject.kind !== "link") return null;
  if (!proposal.challenge) return "challenge-missing";
  return proposal.challenge === "birth-date" && proposal.rights.some((right) => right !== "view")
    ? "challenge-too-weak"
    : null;
}

function byAgreement(facts: ShareFacts, proposal: Proposal, now: Date): ShareVerdict {
  const agreement = facts.agreements.find((candidate) => candidate.id === proposal.basis?.id);
  if (!agreement) return no("basis-missing");
  if (!standsFor(agreement, now)) return no("basis-ended");
  if (!reaches(agreement.partner, proposal)) return no("basis-other-recipient");
  return agreement.purposes.includes(proposal.purpose) ? yes("agreement", agreement.until) : no("basis-other-purpose");
}

function reaches(partner: string, { subject }: Proposal): boolean {
  if (subject.kind === "organisation") return subject.id === partner;
  return subject.kind === "person" && subject.organisations.includes(partner);
}

function byConsent(facts: ShareFacts, proposal: Proposal, now: Date): ShareVerdict {
  const consent = facts.consents.find((candidate) => candidate.id === proposal.basis?.id);
  if (!consent || consent.patient !== facts.patient) return no("basis-missing");
  if (consent.decision === "refused") return no("consent-refused");
  if (!standsFor(consent, now)) return no("basis-ended");
  return consent.purposes.includes(proposal.purpose) ? yes("consent", consent.until) : no("basis-other-purpose");
}

function byOwnCare(facts: ShareFacts, proposal: Proposal, now: Date): ShareVerdict {
  if (!OWN_CARE_PURPOSES.includes(proposal.purpose)) return no("basis-does-not-carry");
  if (proposal.subject.kind === "organisation") {
    const running = facts.agreements.some(
      (agreement) => reaches(agreement.partner, proposal) && standsFor(agreement, now),
    );
    if (!running) return no("basis-missing");
  }
  return yes("own-care");
}

function standsFor(basis: { from: Date; until: Date | null; endedAt: Date | null }, now: Date): boolean {
  return basis.endedAt === null && basis.from <= now && (basis.until === null || now < basis.until);
}

/** The bases on record that would carry this proposal, for the dialog to offer. */
export function carryingBases(
  who: { organisation: string; roles: readonly Role[] },
  facts: ShareFacts,
  proposal: Proposal,
  now: Date,
): NonNullable<Proposal["basis"]>[] {
  const candidates: NonNullable<Proposal["basis"]>[] = [
    ...facts.agreements.map((agreement) => ({ kind: "agreement" as const, id: agreement.id, note: "" })),
    ...facts.consents.map((consent) => ({ kind: "consent" as const, id: consent.id, note: "" })),
    { kind: "own-care", id: null, note: "" },
  ];
  return candidates.filter((basis) => mayShare(who, facts, { ...proposal, basis }, now).allowed);
}
