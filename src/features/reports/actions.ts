import { z } from "zod";
import { ReportRead, ReportText, SaveDraft, SignReport } from "#contract/studies.ts";
import { Id } from "#contract/words.ts";
import { type ActionResult, type ActionTx, type AuditNote, action } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import type { SecretKey } from "#features/keys/keyring.ts";
import { type Allowed, studyFor } from "#features/reports/access.ts";
import { hashOfText, openContent, sealContent } from "#features/reports/content.ts";
import {
  insertVersion,
  lockReport,
  type VersionRecord,
  versionsOf,
  watchersOf,
  writerNames,
} from "#features/reports/queries.ts";
import {
  type DraftFacts,
  mayEdit,
  mayFollow,
  mayGoOn,
  mayTakeOver,
  type ReportStatus,
  type Signing,
} from "#features/reports/rules.ts";
import type { StudyRecord } from "#features/studies/queries.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { notify } from "#platform/events.ts";

/** A version as it was written: `sha256` of its text, `content` of all that was sealed. */
export type Written = ReportRead & { status: ReportStatus; content: string };

const Where = z.object({ owner: Id, study: Id });

/**
 * Keeps what is being written on top of the version it goes on from. Nothing is overwritten: the newest draft is the one that
 * counts, and it is its author's until somebody takes it over.
 */
export const saveDraft = action(
  "report.draft",
  Where.extend({ text: ReportText, base: SaveDraft.shape.base }),
  async (inside, who, { owner, study: id, text, base }): Promise<ActionResult<Written>> => {
    const found = await openForWriting(inside, who, owner, id);
    if ("refused" in found) return found;
    const { newest, audit, verdict: edit } = found;
    const goOn = mayGoOn(edit, who, draftOf(newest));
    if (!goOn.allowed) return conflict(audit, goOn.because);
    if (newest?.row.status === "draft" && newest.written.sha256 === hashOfText(text))
      return { done: newest.written, audit };
    if (base !== (newest?.row.version ?? 0)) return conflict(audit, "report-changed");
    return { done: await write(inside, { who, ...found }, { status: "draft", text }), audit };
  },
);

/** Makes another's draft one's own, as it was read. The other's stays behind it as the version it was. */
export const takeOverDraft = action(
  "report.take-over",
  Where.extend(ReportRead.shape),
  async (inside, who, { owner, study: id, ...read }): Promise<ActionResult<Written>> => {
    const found = await openForWriting(inside, who, owner, id);
    if ("refused" in found) return found;
    const { newest, audit, verdict: edit } = found;
    const mine = mayTakeOver(edit, who, draftOf(newest));
    if (!newest || !mine.allowed) return conflict(audit, mine.because);
    if (!isWhatWasRead(newest.written, read)) return conflict(audit, "report-changed");
    const written = await write(inside, { who, ...found }, { status: "draft", text: newest.text });
    return { done: written, audit: { ...audit, detail: { from: newest.row.author, read, version: written.version } } };
  },
);

/** Signs what was read, and nothing else. What was signed stays for good; who signs stands for it. */
export const signReport = action(
  "report.sign",
  Where.extend(SignReport.shape),
  async (inside, who, { owner, study: id, status, ...read }): Promise<ActionResult<Written>> => {
    const found = await openForWriting(inside, who, owner, id);
    if ("refused" in found) return found;
    const { newest, versions, audit, verdict: edit } = found;
    const follows = mayFollow(signedStatus(versions), status);
    if (!follows.allowed) return conflict(audit, follows.because);
    if (!newest || (newest.row.status !== "draft" && newest.row.status !== "preliminary") || isEmpty(newest.text))
      return conflict(audit, "report-empty");
    const goOn = mayGoOn(edit, who, draftOf(newest));
    if (!goOn.allowed) return conflict(audit, goOn.because);
    if (!isWhatWasRead(newest.written, read)) return conflict(audit, "report-changed");
    const written = await write(inside, { who, ...found }, { status, text: newest.text });
    const { version, content: sha256 } = written;
    return { done: written, audit: { ...audit, detail: { version, status, sha256, read } } };
  },
);

/** Why the report did not move, for whoever may write it. */
const SAYINGS: Readonly<Record<string, string>> = {
  "report-final": "The report is final; what is to be said now is an addendum.",
  "report-not-final": "An addendum follows a final report; sign the report first.",
  "report-empty": "There is nothing new to sign; write the report first.",
  "report-changed": "The report is no longer what you have before you; read what stands there now, then decide.",
  "draft-of-another": "This draft is somebody else's; read it and take it over first.",
  "draft-own": "This draft is yours already; just go on writing.",
  "no-draft": "There is no draft to take over.",
};

function conflict(audit: AuditNote, refused: string): Extract<ActionResult<never>, { refused: string }> {
  return { refused, fault: "state.conflict", say: SAYINGS[refused] ?? "The report cannot be changed now.", audit };
}

const isWhatWasRead = (written: Written, read: ReportRead): boolean =>
  written.version === read.version && written.sha256 === read.sha256;

const isEmpty = (text: ReportText): boolean => Object.values(text).every((section) => section.trim() === "");

const draftOf = (newest: Newest | null): DraftFacts => (newest?.row.status === "draft" ? newest.row : null);

type Newest = { row: VersionRecord; text: ReportText; written: Written };
type Writing = Allowed & { versions: VersionRecord[]; newest: Newest | null };

/** The study, its versions under a lock and the newest one opened, for whoever may write; the refusal for everyone else. */
async function openForWriting(
  inside: ActionTx,
  who: Actor,
  owner: string,
  id: string,
): Promise<Writing | Extract<ActionResult<never>, { refused: string }>> {
  const found = await studyFor(inside, who, { owner, study: id, rule: mayEdit });
  if ("refused" in found) return found;
  await lockReport(inside.tx, id);
  const versions = await versionsOf(inside.tx, owner, id);
  const row = versions.at(-1);
  const group = row && (await inside.keyring.groupKey(inside.tx, owner, found.study.key_group));
  return { ...found, versions, newest: row && group ? opened(group, row) : null };
}

function opened(group: SecretKey, row: VersionRecord): Newest {
  const { text } = openContent(group, row);
  const { version, status } = row;
  return {
    row,
    text,
    written: { version, status, sha256: hashOfText(text), content: row.content_sha256.toString("hex") },
  };
}

export function signedStatus(versions: readonly VersionRecord[]): Signing | null {
  const status = versions.findLast((version) => version.status !== "draft")?.status;
  return status === undefined || status === "draft" ? null : status;
}

async function write(
  { tx, now, keyring, random }: ActionTx,
  { who, study, versions }: { who: Actor; study: StudyRecord; versions: readonly VersionRecord[] },
  { status, text }: { status: ReportStatus; text: ReportText },
): Promise<Written> {
  const id = uuidv7(now.getTime());
  const owner = study.organisation;
  const version = (versions.at(-1)?.version ?? 0) + 1;
  const author = who.id ?? "";
  const names = await writerNames(tx, author, who.organisation);
  const group = await keyring.groupKey(tx, owner, study.key_group);
  const content = sealContent(
    group,
    id,
    { version, status, text, author: names.name, authorOrganisation: names.organisation, at: now.toISOString() },
    random,
  );
  await insertVersion(tx, {
    organisation: owner,
    id,
    study: study.id,
    version,
    status,
    author,
    authorOrganisation: who.organisation,
    content,
    signedAt: status === "draft" ? null : now,
  });
  for (const watcher of new Set([...(await watchersOf(tx, owner, study.id)), who.organisation]))
    await notify(tx, watcher, { kind: "study", owner, id: study.id });
  return { version, status, sha256: hashOfText(text), content: content.sha256.toString("hex") };
}
