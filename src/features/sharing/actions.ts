import { z } from "zod";
import { Id } from "#contract/words.ts";
import { type ActionTx, action } from "#features/audit/action.ts";
import { bumpEpochs } from "#features/keys/epochs.ts";
import { mayRevoke } from "#features/sharing/access-rules.ts";
import { endGrants, grantById, holdBasis, insertGrant } from "#features/sharing/grant-queries.ts";
import { type Judged, judge, StudyShare, type StudyShareInput } from "#features/sharing/judge.ts";
import { insertLink } from "#features/sharing/link-queries.ts";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { hashLowEntropy } from "#trust/tokens/low-entropy.ts";
import { createSecret, hashSecret } from "#trust/tokens/secret.ts";

const DAY_MS = 86_400_000;

export type SharedNow = { grant: string; because: string; link: { id: string; secret: Hidden<string> } | null };

/** A grant to an organisation, a person or the holder of a link. No purpose and basis, no grant; it never outlives its basis. */
export const shareStudy = action("study.share", StudyShare, async (inside, who, input) => {
  if (input.basis) await holdBasis(inside.tx, who.organisation, input.basis);
  const judged = await judge(inside, who, input);
  const { verdict, study, subject, proposal } = judged;
  const note = {
    patient: study.patient,
    study: study.id,
    because: verdict.because,
    detail: { to: subject.name, purpose: proposal.purpose, rights: proposal.rights, days: input.expiresInDays },
  };
  if (!verdict.allowed || !proposal.basis)
    return { refused: verdict.because, fault: "share.refused", say: "This cannot be shared like that.", audit: note };
  const grant = uuidv7();
  const link = input.subject.kind === "link" ? { id: uuidv7(), secret: createSecret("link", inside.random) } : null;
  const holder = link?.id ?? subject.id;
  if (holder === null) throw new Fault("internal", "a share without a subject");
  const until = earlier(new Date(inside.now.getTime() + input.expiresInDays * DAY_MS), verdict.basisUntil);
  await insertGrant(inside.tx, {
    organisation: study.owner,
    id: grant,
    study: study.id,
    withPriors: input.withPriors,
    withReport: input.withReport,
    subjectKind: input.subject.kind,
    subject: holder,
    workplace: judged.workplace,
    recipient: judged.workplace === null || judged.workplace === study.owner ? "" : subject.name,
    rights: input.rights,
    purpose: proposal.purpose,
    basisKind: proposal.basis.kind,
    basis: judged.rests,
    basisNote: proposal.basis.note,
    basisUntil: verdict.basisUntil,
    until,
    createdBy: who.id,
    studies: [{ id: study.id, studyDate: study.studyDate }, ...(input.withPriors ? judged.priors : [])],
  });
  if (link) await addLink(inside, { organisation: study.owner, grant, ...link }, input, judged);
  await bumpEpochs(inside.tx, [study.owner, holder]);
  const done: SharedNow = { grant, because: verdict.because, link };
  return { done, audit: { ...note, subject: grant } };
});

type LinkParts = { organisation: string; grant: string; id: string; secret: Hidden<string> };

async function addLink(inside: ActionTx, link: LinkParts, input: StudyShareInput, judged: Judged): Promise<void> {
  const { challenge } = input;
  if (!challenge)
    throw new Fault("share.refused", "A link needs something that only its recipient knows.", { place: "challenge" });
  const password =
    challenge.kind === "password"
      ? new Hidden(challenge.password.trim())
      : challenge.kind === "birth-date"
        ? new Hidden(judged.study.birthDate)
        : null;
  await insertLink(inside.tx, {
    organisation: link.organisation,
    id: link.id,
    grant: link.grant,
    secretHash: hashSecret(link.secret),
    recipient: judged.subject.name,
    challenge: challenge.kind,
    challengeAddress: challenge.kind === "code" ? challenge.address : null,
    challengeHash: password && (await hashLowEntropy(password, { pepper: inside.pepper })),
    usesLeft: input.maxUses,
    notify: input.notify,
  });
}

function earlier(one: Date, other: Date | null): Date {
  return other !== null && other < one ? other : one;
}

/** Ends a grant at once: the next request under it finds nothing. */
export const revokeGrant = action("grant.revoke", z.object({ id: Id }), async ({ tx }, who, { id }) => {
  const grant = await grantById(tx, who.organisation, id);
  if (!grant || !mayRevoke(who))
    return {
      refused: "role",
      fault: "access.denied",
      say: "There is no such share here for you.",
      audit: { subject: id },
    };
  await endGrants(tx, who.organisation, [id], { by: who.id, basisEnded: false });
  await bumpEpochs(tx, [who.organisation, grant.subject]);
  return { done: {}, audit: { patient: grant.patient, study: grant.study, subject: id } };
});
