import type { ShareProposal, ShareVerdict } from "#contract/sharing.ts";
import type { Purpose } from "#contract/words.ts";

/** What the dialog holds while it is filled in, and the proposal it makes of it. Pure. */
export type Draft = {
  tab: "group" | "link";
  recipient: string;
  toPatient: boolean;
  partner: string;
  email: string;
  /** The partner that whoever has the address works for; empty: one's own organisation, or the only partner. */
  workplace: string;
  purpose: Purpose;
  days: number;
  challenge: "code" | "password" | "birth-date";
  address: string;
  password: string;
  report: boolean;
  priors: boolean;
  download: boolean;
  /** The birth date gave way to a code when download was switched on; switched off again, it comes back. */
  gaveWay: boolean;
  notify: boolean;
  maxUses: number | null;
  basis: string | undefined;
  legalNote: string;
};

export const FIRST_DRAFT: Draft = {
  tab: "link",
  recipient: "",
  toPatient: false,
  partner: "",
  email: "",
  workplace: "",
  purpose: "second-opinion",
  days: 7,
  challenge: "code",
  address: "",
  password: "",
  report: true,
  priors: false,
  download: false,
  gaveWay: false,
  notify: true,
  maxUses: null,
  basis: undefined,
  legalNote: "",
};

/** A birth date is too weak for downloads: it gives way to a code, and comes back while no address was typed. */
export function downloadPart(draft: Draft, download: boolean): Partial<Draft> {
  if (download) return draft.challenge === "birth-date" ? { download, challenge: "code", gaveWay: true } : { download };
  const back = draft.gaveWay && draft.challenge === "code" && draft.address.trim() === "";
  return { download, gaveWay: false, ...(back ? { challenge: "birth-date" } : {}) };
}

export type OfferedBasis = ShareVerdict["bases"][number];
export const basisKey = (basis: { kind: string; id: string | null }): string => `${basis.kind}:${basis.id ?? ""}`;

/** The proposal as far as the draft goes; undefined until the server could judge it. */
export function proposalOf(draft: Draft): ShareProposal | undefined {
  const subject = subjectOf(draft);
  if (!subject) return undefined;
  const basis = basisOf(draft);
  const challenge = draft.tab === "link" ? challengeOf(draft) : undefined;
  return {
    subject,
    purpose: draft.purpose,
    rights: rightsOf(draft),
    withPriors: draft.priors,
    withReport: draft.report,
    expiresInDays: draft.days,
    maxUses: draft.tab === "link" ? draft.maxUses : null,
    notify: draft.notify,
    ...(basis ? { basis } : {}),
    ...(challenge ? { challenge } : {}),
  };
}

/** A reading group that is to read needs the right to report; a link never has it. */
function rightsOf(draft: Draft): ShareProposal["rights"] {
  const reads = draft.tab === "group" && (draft.purpose === "care" || draft.purpose === "second-opinion");
  return ["view", ...(draft.download ? (["download"] as const) : []), ...(reads ? (["report"] as const) : [])];
}

function subjectOf(draft: Draft): ShareProposal["subject"] | undefined {
  if (draft.tab === "link") {
    const recipient = draft.recipient.trim();
    return recipient ? { kind: "link", recipient, toPatient: draft.toPatient } : undefined;
  }
  if (draft.partner === "person") {
    const email = draft.email.trim().toLowerCase();
    if (!isAddress(email)) return undefined;
    return { kind: "person", email, ...(draft.workplace ? { organisation: draft.workplace } : {}) };
  }
  return draft.partner ? { kind: "organisation", id: draft.partner } : undefined;
}

/** Codes and invitations go by e-mail only. */
const isAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);

function challengeOf(draft: Draft): ShareProposal["challenge"] {
  switch (draft.challenge) {
    case "code":
      return isAddress(draft.address.trim()) ? { kind: "code", address: draft.address.trim() } : undefined;
    case "password":
      return draft.password.length >= 8 ? { kind: "password", password: draft.password } : undefined;
    case "birth-date":
      return { kind: "birth-date" };
  }
}

function basisOf(draft: Draft): ShareProposal["basis"] {
  const [kind, id] = (draft.basis ?? "").split(":");
  switch (kind) {
    case "agreement":
    case "consent":
      return id ? { kind, id } : undefined;
    case "own-care":
      return { kind, note: "" };
    case "legal-order":
      return draft.legalNote.trim().length >= 15 ? { kind, note: draft.legalNote.trim() } : undefined;
    default:
      return undefined;
  }
}

/** A basis the server offers, as the proposal names it. */
export function basisOfOffer(offer: { kind: OfferedBasis["kind"]; id: string | null }): ShareProposal["basis"] {
  if ((offer.kind === "agreement" || offer.kind === "consent") && offer.id) return { kind: offer.kind, id: offer.id };
  return offer.kind === "own-care" ? { kind: "own-care", note: "" } : undefined;
}

/** The key of the basis a proposal rests on. */
export function keyOfBasis(basis: ShareProposal["basis"]): string {
  return basis ? basisKey({ kind: basis.kind, id: "id" in basis ? basis.id : null }) : "";
}

/** Easy to say on the telephone: 4 groups of 4 from 31 letters and digits that do not look alike (79 bits). */
export function makePassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  let made = "";
  while (made.length < 16)
    for (const byte of crypto.getRandomValues(new Uint8Array(24)))
      if (byte < letters.length * 8 && made.length < 16) made += letters[byte % letters.length];
  return made.replace(/(.{4})(?=.)/g, "$1-");
}
