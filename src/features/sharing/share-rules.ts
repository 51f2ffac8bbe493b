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
    /** `organisations`: where they work, as far as the owner may know it; one of them is the workplace it is given for. */
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
  | "order-not-yours"
  | "workplace-unclear"
  | "consent-refused"
  | "challenge-missing"
  | "challenge-too-weak"
  | "challenge-no-birth-date"
  | "challenge-no-address";

export type ShareVerdict = { allowed: boolean; because: ShareBecause; basisUntil: Date | null };

const SHARING_ROLES: readonly Role[] = ["radiographer", "radiologist", "privacy-officer"];
/** That an order of a court or an authority is to be obeyed is decided by who answers for the organisation, not at the desk. */
const LEGAL_ROLES: readonly Role[] = ["administrator", "privacy-officer"];
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

/** Whether a study may be shared as proposed, on which basis, and until when that holds. Without a purpose and a basis: no. */
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
  const verdict = byBasis(who, facts, proposal, now);
  const nowhere = proposal.subject.kind === "person" && workplaceOf(facts, proposal) === null;
  return verdict.allowed && nowhere ? no("workplace-unclear") : verdict;
}

function byBasis(who: { roles: readonly Role[] }, facts: ShareFacts, proposal: Proposal, now: Date): ShareVerdict {
  switch (proposal.basis?.kind) {
    case undefined:
      return no("basis-missing");
    case "agreement":
      return byAgreement(facts, proposal, now);
    case "consent":
      return byConsent(facts, proposal, now);
    case "own-care":
      return byOwnCare(facts, proposal, now);
    case "legal-order":
      return byLegalOrder(who, proposal.basis.note);
    case "emergency":
      return no("basis-does-not-carry"); // only breaking the glass makes this basis
  }
}

function byLegalOrder({ roles }: { roles: readonly Role[] }, note: string): ShareVerdict {
  if (!roles.some((role) => LEGAL_ROLES.includes(role))) return no("order-not-yours");
  return note.trim().length >= 15 ? yes("legal-order") : no("basis-missing");
}

/**
 * The organisation a person is given something for: the partner of the agreement it rests on, else the owner, where they
 * work there, else the one other place they work at. Null where that is not one, and for whoever is no person.
 */
export function workplaceOf(facts: Pick<ShareFacts, "owner" | "agreements">, proposal: Proposal): string | null {
  const { subject, basis } = proposal;
  if (subject.kind !== "person") return null;
  if (basis?.kind === "agreement") return facts.agreements.find(({ id }) => id === basis.id)?.partner ?? null;
  if (subject.organisations.includes(facts.owner)) return facts.owner;
  const [first, ...others] = subject.organisations;
  return first !== undefined && others.length === 0 ? first : null;
}

/**
 * What a grant by this proposal ends with: the agreement or consent that it names; for a share of care with a partner the
 * running agreement that it needs, the one that runs longest. Null where it rests on nothing on record.
 */
export function basisOf(facts: ShareFacts, proposal: Proposal, now: Date): string | null {
  if (proposal.basis?.kind !== "own-care") return proposal.basis?.id ?? null;
  return neededAgreement(facts, proposal, now)?.id ?? null;
}

function neededAgreement(facts: ShareFacts, proposal: Proposal, now: Date): AgreementFacts | undefined {
  const { subject } = proposal;
  const partner = subject.kind === "organisation" ? subject.id : workplaceOf(facts, proposal);
  return facts.agreements
    .filter((agreement) => agreement.partner === partner && standsFor(agreement, now))
    .sort((one, other) => other.until.getTime() - one.until.getTime())[0];
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
      mayName(later, proposal),
  );
  return takenBack ? no("consent-refused") : yes("consent", consent.until);
}

/** A consent without a recipient is for whom the form names; one with a recipient is for nobody else. */
function names({ recipient }: ConsentFacts, { subject }: Proposal): boolean {
  const named = folded(recipient);
  return recipient.trim() === "" || (named !== "" && named === folded(subject.name));
}

/** A refusal reaches further than a consent: also who is spelled without the marks, and what holds no letters at all. */
function mayName({ recipient }: ConsentFacts, { subject }: Proposal): boolean {
  return recipient.trim() === "" || withoutMarks(recipient) === withoutMarks(subject.name);
}

/** A name as it is compared: whatever its case, spacing and punctuation; vowel signs and accents are part of it (Unicode, \p{M}). */
function folded(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
}

const withoutMarks = (name: string): string => folded(name).replace(/\p{M}/gu, "");

/** With a partner for one's own care only while an agreement with it runs: the share ends with that one. */
function byOwnCare(facts: ShareFacts, proposal: Proposal, now: Date): ShareVerdict {
  if (!OWN_CARE_PURPOSES.includes(proposal.purpose)) return no("basis-does-not-carry");
  if (proposal.subject.kind === "link") return yes("own-care");
  if (proposal.subject.kind === "person") {
    const workplace = workplaceOf(facts, proposal);
    if (workplace === null) return no("workplace-unclear");
    if (workplace === facts.owner) return yes("own-care");
  }
  const needed = neededAgreement(facts, proposal, now);
  return needed ? yes("own-care", needed.until) : no("basis-missing");
}

/** Whether an agreement or a consent has begun, and not ended. */
export function standsFor(basis: { from: Date; until: Date | null; endedAt: Date | null }, now: Date): boolean {
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
