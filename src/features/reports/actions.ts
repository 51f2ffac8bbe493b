import { z } from "zod";
import { ReportText, SignReport } from "#contract/studies.ts";
import { Id } from "#contract/words.ts";
import { type ActionResult, type ActionTx, action } from "#features/audit/action.ts";
import type { Actor } from "#features/audit/actor.ts";
import { type Allowed, studyFor } from "#features/reports/access.ts";
import { openContent, sameText, sealContent } from "#features/reports/content.ts";
import {
  insertVersion,
  lockReport,
  type VersionRecord,
  versionsOf,
  watchersOf,
  writerNames,
} from "#features/reports/queries.ts";
import { mayEdit, mayFollow, type ReportStatus, type Signing } from "#features/reports/rules.ts";
import type { StudyRecord } from "#features/studies/queries.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { notify } from "#platform/events.ts";

export type Written = { version: number; status: ReportStatus; sha256: string };

const Where = z.object({ owner: Id, study: Id });

/** Keeps what is being written. Nothing is overwritten: the newest draft is the one that counts. */
export const saveDraft = action(
  "report.draft",
  Where.extend({ text: ReportText }),
  async (inside, who, { owner, study: id, text }): Promise<ActionResult<Written>> => {
    const found = await openForWriting(inside, who, owner, id);
    if ("refused" in found) return found;
    const { study, versions, audit } = found;
    const newest = versions.at(-1);
    const group = await inside.keyring.groupKey(inside.tx, owner, study.key_group);
    if (
      newest &&
      newest.status === "draft" &&
      newest.author === who.id &&
      sameText(openContent(group, newest).text, text)
    )
      return { done: writtenOf(newest), audit };
    return { done: await write(inside, { who, study, versions }, { status: "draft", text }), audit };
  },
);

/** Signs the draft. What was signed stays for good; who signs stands for it. */
export const signReport = action(
  "report.sign",
  Where.extend(SignReport.shape),
  async (inside, who, { owner, study: id, status }): Promise<ActionResult<Written>> => {
    const found = await openForWriting(inside, who, owner, id);
    if ("refused" in found) return found;
    const { study, versions, audit } = found;
    const follows = mayFollow(signedStatus(versions), status);
    if (!follows.allowed) {
      return {
        refused: follows.because,
        fault: "state.conflict",
        say:
          follows.because === "report-final"
            ? "The report is final; what is to be said now is an addendum."
            : "An addendum follows a final report; sign the report first.",
        audit,
      };
    }
    const draft = versions.at(-1);
    if (!draft || (draft.status !== "draft" && draft.status !== "preliminary"))
      return {
        refused: "report-empty",
        fault: "state.conflict",
        say: "There is nothing new to sign; write the report first.",
        audit,
      };
    const group = await inside.keyring.groupKey(inside.tx, owner, study.key_group);
    const { text } = openContent(group, draft);
    const written = await write(inside, { who, study, versions }, { status, text });
    return { done: written, audit: { ...audit, detail: { ...written } } };
  },
);

type Writing = Allowed & { versions: VersionRecord[] };

/** The study and its versions under a lock, for whoever may write; the refusal for everyone else. */
async function openForWriting(
  inside: ActionTx,
  who: Actor,
  owner: string,
  id: string,
): Promise<Writing | Extract<ActionResult<never>, { refused: string }>> {
  const found = await studyFor(inside, who, { owner, study: id, rule: mayEdit });
  if ("refused" in found) return found;
  await lockReport(inside.tx, id);
  return { ...found, versions: await versionsOf(inside.tx, owner, id) };
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
  return { version, status, sha256: content.sha256.toString("hex") };
}

const writtenOf = ({ version, status, content_sha256 }: VersionRecord): Written => ({
  version,
  status,
  sha256: content_sha256.toString("hex"),
});
