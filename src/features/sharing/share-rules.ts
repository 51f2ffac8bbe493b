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
  /** After a restore without its journal nothing new is shared until a person has decided. */
  houseClosed?: boolean;
};

export type Proposal = {
  subject:
    | { kind: "organisation"; id: string; name: string }
    | { kind: "person"; id: string; name: string; organisations: readonly string[] }
    | { kind: "link"; name: string; toPatient: boolean };
  purpose: Purpose;
  basis: { kind: BasisKind; id: string | null; note: string } | null;
  rights: readonly Right[];
  days: number;
  challenge:
    | { kind: "code"; address: string }
    | { kind: "password" }
    /** Whether the study's birth date is complete and plausible, so that it can be asked for. */
    | { kind: "birth-date"; known: boolean }
    | null;
};

export type ShareBecause =
  | "agreement"
  | "consent"
  | "own-care"
  | "legal-order"
  | "role"
  | "not-owner"
  | "sharing-closed"
  | "too-long"
  | "resting"
  | "no-rights"
  | "basis-missing"
  | "basis-ended"
  | "basis-other-recipient"
  | "basis-other-purpose"
  | "basis-does-not-carry"
  | "consent-refused"
  | "challenge-missing"
  | "challenge-too-weak"
  | "challenge-no-birth-date"
  | "challenge-no-address";

export type ShareVerdict = { allowed: boolean; because: ShareBecause; basisUntil: Date | null };

const SHARING_ROLES: readonly Role[] = ["radiographer", "radiologist", "privacy-officer"];
/** Care of one's own patient by another clinician, and a copy to the patient, do not rest on consent: they are the treatment itself, or the patient's own wish. */
const OWN_CARE_PURPOSES: readonly Purpose[] = ["care", "second-opinion", "patient-request"];
/** The holder of a link has no account: nothing is written or passed on under its name. */
const LINK_RIGHTS: readonly Right[] = ["view", "download"];

const no = (because: ShareBecause): ShareVerdict => ({ allowed: false, because, basisUntil: null });
const yes = (because: ShareBecause, basisUntil: Date | null = null): ShareVerdict => ({
  allowed: true,
  because,
  basisUntil,
});

/** Whether somebody shares studies of this owner at all: whoever does not learns nothing of them here, not even that they exist. */
export function sharesFor(who: { organisation: string; roles: readonly Role[] }, owner: string): boolean {
  return who.organisation === owner && who.roles.some((role) => SHARING_ROLES.includes(role));
}

export function mayShare(
  who: { organisation: string; roles: readonly Role[]; resting?: boolean },
  facts: ShareFacts,
  proposal: Proposal,
  now: Date,
): ShareVerdict {
  if (who.organisation !== facts.owner) return no("not-owner");
  if (facts.houseClosed) return no("sharing-closed");
  if (!who.roles.some((role) => SHARING_ROLES.includes(role))) return no("role");
  if (proposal.rights.length === 0 || !proposal.rights.includes("view")) return no("no-rights");
  if (proposal.subject.kind === "link" && proposal.rights.some((right) => !LINK_RIGHTS.includes(right)))
    return no("no-rights");
  if (who.resting === true && proposal.rights.includes("download")) return no("resting");
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
  const { challenge } = proposal;
  if (!challenge) return "challenge-missing";
  switch (challenge.kind) {
    case "birth-date":
      if (proposal.rights.some((right) => right !== "view")) return "challenge-too-weak";
      return challenge.known ? null : "challenge-no-birth-date";
    case "code":
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(challenge.address) ? null : "challenge-no-address"; // codes go by e-mail only
    case "password":
      return null;
  }
}

/** PS3.5 §6.2 DA: a day that is in the calendar, from the last 130 years. Anything less would be guessed or never be right. */
export function isBirthDate(text: string, now: Date): boolean {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const real = !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === `${year}-${month}-${day}`;
  return real && date <= now && now.getUTCFullYear() - Number(year) <= 130;
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
  if (!consent.purposes.includes(proposal.purpose)) return no("basis-other-purpose");
  if (!names(consent, proposal)) return no("basis-other-recipient");
  const takenBack = facts.consents.some(
    (later) =>
      later.patient === facts.patient &&
      later.decision === "refused" &&
      later.from > consent.from &&
      later.purposes.includes(proposal.purpose) &&
      names(later, proposal),
  );
  return takenBack ? no("consent-refused") : yes("consent", consent.until);
}

/** A consent without a recipient is for whom the form names; one with a recipient is for nobody else. */
function names({ recipient }: ConsentFacts, { subject }: Proposal): boolean {
  return recipient.trim() === "" || folded(recipient) === folded(subject.name);
}

function folded(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
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
  who: { organisation: string; roles: readonly Role[]; resting?: boolean },
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
