import type { z } from "zod";
import type { ReportForPatient } from "#contract/sharing.ts";
import type { Report } from "#contract/studies.ts";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf, subjectsOf } from "#features/audit/actor.ts";
import { hashOfText, NO_TEXT, openContent, type ReportContent } from "#features/reports/content.ts";
import { newestForPatients, type VersionRecord, versionsOf } from "#features/reports/queries.ts";
import { mayEdit, mayGoOn, mayRead, mayTakeOver, type ReportVerdict } from "#features/reports/rules.ts";
import { denied } from "#features/sharing/gate.ts";
import { studyFacts } from "#features/sharing/queries.ts";
import { mayReadReport } from "#features/sharing/rules.ts";
import { type StudyRecord, studyById } from "#features/studies/queries.ts";

/** One version that may be shown, opened. */
export type SignedVersion = { row: VersionRecord; content: ReportContent };

export type FoundReport = {
  study: StudyRecord;
  report: Report;
  /** The newest signed version: what is printed. */
  signed: SignedVersion | null;
  read: ReportVerdict;
};

/**
 * The report of a study for whoever may read it. Drafts are for those who write: others get the newest signed version.
 * @throws Fault access.denied for what is unknown or forbidden, key.destroyed for what was erased
 */
export function findReport(world: World, who: Actor, owner: string, id: string): Promise<FoundReport> {
  return world.database.read(scopeOf(who), async (tx) => {
    const study = await studyById(tx, owner, id);
    const facts = await studyFacts(tx, owner, id, subjectsOf(who)); // asked either way: time does not tell what is here
    if (!study) throw denied();
    const [read, edit] = [mayRead(who, facts, tx.now), mayEdit(who, facts, tx.now)];
    if (!read.allowed) throw denied();
    const group = await world.keyring.groupKey(tx, owner, study.key_group);
    const versions = (await versionsOf(tx, owner, id)).map((row) => ({ row, content: openContent(group, row) }));
    const signed = versions.findLast(({ row }) => row.status !== "draft") ?? null;
    return { study, report: reportOf(who, versions, signed, edit), signed, read };
  });
}

/**
 * A draft that continues an unsigned or preliminary report is shown to its writers; one that will become an addendum stands
 * beside the final report, which stays the report until the addendum is signed.
 */
function reportOf(
  who: Actor,
  versions: readonly SignedVersion[],
  signed: SignedVersion | null,
  edit: ReportVerdict,
): Report {
  const newest = versions.at(-1);
  const draft = edit.allowed && newest?.row.status === "draft" ? newest : null;
  const stands = signed !== null && signed.row.status !== "preliminary";
  const shown = stands ? signed : (draft ?? signed);
  const text = shown?.content.text ?? NO_TEXT;
  const goOn = told(mayGoOn(edit, who, draft?.row ?? null));
  return {
    version: shown?.row.version ?? 0,
    status: shown?.row.status ?? "none",
    text,
    sha256: hashOfText(text),
    author: shown?.content.author ?? "",
    signedAt: shown?.row.signed_at?.toISOString() ?? null,
    updatedAt: shown?.row.created_at.toISOString() ?? null,
    draft: draft && {
      version: draft.row.version,
      sha256: hashOfText(draft.content.text),
      text: draft.content.text,
      author: draft.content.author,
      mine: draft.row.author === who.id,
      at: draft.row.created_at.toISOString(),
    },
    can: { edit: goOn, sign: goOn, takeOver: told(mayTakeOver(edit, who, draft?.row ?? null)) },
    versions: versions
      .filter(({ row }) => row.status !== "draft")
      .map(({ row, content }) => ({
        version: row.version,
        status: row.status,
        author: content.author,
        at: (row.signed_at ?? row.created_at).toISOString(),
      })),
  };
}

const told = ({ allowed, because }: ReportVerdict) => ({ allowed, because });

/** The final report or its newest addendum for whoever holds a link or grant that includes the report; null when there is none or it was not shared. */
export async function reportForPatient(
  world: World,
  who: Actor,
  owner: string,
  study: string,
): Promise<z.infer<typeof ReportForPatient> | null> {
  const found = await signedForPatient(world, who, owner, study);
  if (!found) return null;
  const { row, content } = found.signed;
  return {
    status: row.status,
    signedAt: row.signed_at?.toISOString() ?? null,
    author: content.author,
    text: content.text,
  };
}

/** As `reportForPatient`, with what a print of it needs. */
export function signedForPatient(
  world: World,
  who: Actor,
  owner: string,
  id: string,
): Promise<{ study: StudyRecord; signed: SignedVersion } | null> {
  return world.database.read(scopeOf(who), async (tx) => {
    const study = await studyById(tx, owner, id);
    const facts = await studyFacts(tx, owner, id, subjectsOf(who));
    if (!study) return null;
    if (!mayReadReport(who, facts, tx.now).allowed) return null;
    const row = await newestForPatients(tx, owner, id);
    if (!row) return null;
    const group = await world.keyring.groupKey(tx, owner, study.key_group);
    return { study, signed: { row, content: openContent(group, row) } };
  });
}
