import type { Actor } from "#features/audit/actor.ts";
import { type AccessVerdict, mayReadReport, mayReport, mayView, type StudyFacts } from "#features/sharing/rules.ts";

/** Who writes, signs and reads reports, and which status may follow which. Pure. */

export type ReportStatus = "draft" | "preliminary" | "final" | "addendum";
export type Signing = Exclude<ReportStatus, "draft">;

export type ReportVerdict = { allowed: boolean; because: string; grant: string | null };

const NO_PERSON: ReportVerdict = { allowed: false, because: "role", grant: null };

function told(verdict: AccessVerdict): ReportVerdict {
  return { allowed: verdict.allowed, because: verdict.because, grant: verdict.allowed ? verdict.grant : null };
}

/** Reports are written by people: radiologists of the owner in care, or whoever holds a grant with the right to report. */
export function mayEdit(who: Actor, study: StudyFacts, now: Date): ReportVerdict {
  return who.kind === "person" ? told(mayReport(who, study, now)) : NO_PERSON;
}

/** Whoever may look at the study in its own organisation, was given the report with it, or writes it. */
export function mayRead(who: Actor, study: StudyFacts, now: Date): ReportVerdict {
  const writer = mayEdit(who, study, now);
  if (writer.allowed) return writer;
  return told(mayReadReport(who, study, now));
}

/** Whoever looks at images may measure on them; a machine and a link keep nothing. */
export function mayMark(who: Actor, study: StudyFacts, now: Date): ReportVerdict {
  return who.kind === "person" ? told(mayView(who, study, now)) : NO_PERSON;
}

/** A final report stands: after it come addenda only, and an addendum only after it. `signed` is the newest signed status. */
export function mayFollow(
  signed: Signing | null,
  next: Signing,
): { allowed: true } | { allowed: false; because: string } {
  const stands = signed === "final" || signed === "addendum";
  if (stands && next !== "addendum") return { allowed: false, because: "report-final" };
  if (!stands && next === "addendum") return { allowed: false, because: "report-not-final" };
  return { allowed: true };
}

/** Whose unsigned draft is the newest version; null where that version is signed, or there is none. */
export type DraftFacts = { author: string } | null;

/** A draft belongs to its author: whoever else may write goes on from it, or signs it, once they have taken it over. */
export function mayGoOn(edit: ReportVerdict, who: Actor, draft: DraftFacts): ReportVerdict {
  if (!edit.allowed || draft === null || draft.author === who.id) return edit;
  return { allowed: false, because: "draft-of-another", grant: null };
}

/** Whoever may write may make another's draft their own. */
export function mayTakeOver(edit: ReportVerdict, who: Actor, draft: DraftFacts): ReportVerdict {
  if (!edit.allowed) return edit;
  if (draft === null) return { allowed: false, because: "no-draft", grant: null };
  return draft.author === who.id ? { allowed: false, because: "draft-own", grant: null } : edit;
}

/** A patient reads what a radiologist stands for: nothing that may still change. */
export const FOR_PATIENTS: readonly Signing[] = ["final", "addendum"];
