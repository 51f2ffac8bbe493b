import type { z } from "zod";
import { ShareProposal } from "#contract/sharing.ts";
import { Id } from "#contract/words.ts";
import type { ActionTx } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { denied } from "#features/sharing/gate.ts";
import {
  agreementsOf,
  consentsOf,
  isHouseClosed,
  linkMaxDays,
  organisationName,
  type PriorRecord,
  personByEmail,
  priorsOf,
  type SharedStudy,
  sharedStudy,
} from "#features/sharing/grant-queries.ts";
import { priorsGoing, spelledOtherwise } from "#features/sharing/prior-rules.ts";
import {
  basisOf,
  carryingBases,
  isBirthDate,
  mayShare,
  type Proposal,
  type ShareFacts,
  type ShareVerdict,
  sharesFor,
  standsFor,
  workplaceOf,
} from "#features/sharing/share-rules.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";

export const StudyShare = ShareProposal.extend({ owner: Id, study: Id });
export type StudyShareInput = z.output<typeof StudyShare>;

export type Basis = NonNullable<Proposal["basis"]>;
export type Judged = {
  study: SharedStudy;
  proposal: Proposal;
  verdict: ShareVerdict;
  bases: (Basis & { title: string; until: Date | null })[];
  subject: { id: string | null; name: string };
  /** Of a person: the organisation they are given it for. */
  workplace: string | null;
  /** The agreement or consent that the grant ends with. */
  rests: string | null;
  /** What goes along where priors are shared, and how many stay because they may be another person's. */
  priors: PriorRecord[];
  priorsStaying: number;
};

/** Gathers the facts of a proposal and asks the rule. Used by the dialog's verdict and by the action itself. */
export async function judge(
  { tx, now }: Pick<ActionTx, "tx" | "now">,
  who: Actor,
  input: StudyShareInput,
): Promise<Judged> {
  const shares = who.kind === "person" && sharesFor(who, input.owner);
  const study = shares ? await sharedStudy(tx, input.owner, input.study) : null;
  if (!study || who.kind !== "person") throw denied();
  const agreements = await agreementsOf(tx, who.organisation);
  const consents = await consentsOf(tx, who.organisation, study.patient);
  const facts: ShareFacts = {
    owner: study.owner,
    patient: study.patient,
    agreements,
    consents,
    linkMaxDays: await linkMaxDays(tx, who.organisation),
    houseClosed: await isHouseClosed(tx),
  };
  const partners = agreements.filter((one) => standsFor(one, now)).map(({ partner }) => partner);
  const { subject, ...named } = await subjectOf(tx, who.organisation, partners, input);
  const proposal: Proposal = {
    subject,
    purpose: input.purpose,
    rights: input.rights,
    days: input.expiresInDays,
    challenge: challengeOf(input, study, now),
    basis: input.basis
      ? {
          kind: input.basis.kind,
          id: "id" in input.basis ? input.basis.id : null,
          note: "note" in input.basis ? input.basis.note : "",
        }
      : null,
  };
  const priors = await priorsOf(tx, input.owner, input.study);
  const going = priorsGoing(study, priors);
  const titles = new Map<string, { title: string; until: Date | null }>([
    ...agreements.map((one) => [one.id, { title: one.title, until: one.until }] as const),
    ...consents.map((one) => [one.id, { title: `${one.title} v${one.version}`, until: one.until }] as const),
  ]);
  return {
    study,
    proposal,
    verdict: mayShare(who, facts, proposal, now),
    bases: carryingBases(who, facts, proposal, now).map((basis) => ({
      ...basis,
      title: titles.get(basis.id ?? "")?.title ?? "",
      until: titles.get(basis.id ?? "")?.until ?? null,
    })),
    subject: named,
    workplace: workplaceOf(facts, proposal),
    rests: basisOf(facts, proposal, now),
    priors: going,
    priorsStaying: priors.length - going.length,
  };
}

type Target = { subject: Proposal["subject"]; id: string | null; name: string };

async function subjectOf(
  tx: ActionTx["tx"],
  owner: string,
  partners: readonly string[],
  { subject }: StudyShareInput,
): Promise<Target> {
  switch (subject.kind) {
    case "organisation":
      return target({ ...subject, name: await organisationName(tx, subject.id) }, subject.id);
    case "link":
      return target({ kind: "link", name: subject.recipient, toPatient: subject.toPatient }, null);
    case "person": {
      const person = await personByEmail(tx, subject.email);
      if (person?.organisations.includes(owner)) {
        const { id, displayName: name } = person;
        return target({ kind: "person", id, name, organisations: [owner] }, id);
      }
      return atPartner(person?.id ?? uuidv7(), subject, partners);
    }
  }
}

/**
 * Somebody of a partner is named by their address alone. Whether anybody has it, and where they work, is the partner's to say:
 * known and unknown addresses are judged, granted and listed alike, and one that nobody has opens nothing to anybody.
 */
function atPartner(
  id: string,
  { email: name, organisation }: Extract<StudyShareInput["subject"], { kind: "person" }>,
  partners: readonly string[],
): Target {
  const organisations = [...new Set(partners)].filter((one) => organisation === undefined || one === organisation);
  if (organisations.length === 0)
    throw new Fault(
      "input.invalid",
      "Nobody with that address works here, and there is no such partner; share by link instead.",
      { place: "subject.email" },
    );
  return target({ kind: "person", id, name, organisations }, id);
}

function target(subject: Proposal["subject"], id: string | null): Target {
  return { subject, id, name: subject.name };
}

function challengeOf(input: StudyShareInput, study: SharedStudy, now: Date): Proposal["challenge"] {
  const { challenge } = input;
  if (!challenge) return null;
  if (challenge.kind === "birth-date") return { kind: "birth-date", known: isBirthDate(study.birthDate, now) };
  return challenge.kind === "code" ? challenge : { kind: "password" };
}

export type Sentence = { key: string; values: Record<string, string> };

const day = (date: Date): string => date.toISOString().slice(0, 10);

/** What the page says in words: why, what leaves, what does not, what is weak. Keys of the page's dictionary. */
export function sentencesOf(judged: Judged, input: StudyShareInput): Sentence[] {
  const { verdict, proposal } = judged;
  const said: Sentence[] = [];
  const basis = judged.bases.find(
    (candidate) => candidate.kind === proposal.basis?.kind && candidate.id === proposal.basis.id,
  );
  const values = {
    purpose: proposal.purpose,
    basis: basis?.title ?? "",
    until: verdict.basisUntil ? day(verdict.basisUntil) : "",
    recipient: judged.subject.name,
  };
  said.push({ key: verdict.allowed ? `share.allowed.${verdict.because}` : `share.refused.${verdict.because}`, values });
  if (!verdict.allowed) return said;
  said.push({
    key: input.rights.includes("download")
      ? "share.leaves.dicom"
      : input.subject.kind === "link"
        ? "share.leaves.pictures"
        : "share.leaves.viewer",
    values: {},
  });
  if (input.withReport) said.push({ key: "share.leaves.report", values: {} });
  if (input.withPriors) said.push(...priorSentences(judged));
  if (input.subject.kind === "link" && input.challenge?.kind === "birth-date")
    said.push({ key: "share.weak.birth-date", values: {} });
  if (input.subject.kind === "link" && input.challenge?.kind === "code")
    said.push({ key: "share.factor.code", values: {} });
  return said;
}

function priorSentences({ study, priors, priorsStaying }: Judged): Sentence[] {
  const said: Sentence[] = [{ key: "share.leaves.priors", values: { count: String(priors.length) } }];
  for (const { name, birthDate, studyDate } of spelledOtherwise(study, priors))
    said.push({ key: "share.leaves.prior", values: { name, born: hyphened(birthDate), date: hyphened(studyDate) } });
  if (priorsStaying > 0) said.push({ key: "share.stays.priors", values: { count: String(priorsStaying) } });
  return said;
}

const hyphened = (date: string): string => date.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3");
