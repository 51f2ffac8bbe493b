import type { ActionResult, ActionTx, AuditNote } from "#features/audit/action.ts";
import { type Actor, subjectsOf } from "#features/audit/actor.ts";
import { NO_SUCH_STUDY } from "#features/audit/rules.ts";
import type { ReportVerdict } from "#features/reports/rules.ts";
import { studyFacts } from "#features/sharing/queries.ts";
import type { StudyFacts } from "#features/sharing/rules.ts";
import { type StudyRecord, studyById } from "#features/studies/queries.ts";

type Rule = (who: Actor, study: StudyFacts, now: Date) => ReportVerdict;
type Asked = { owner: string; study: string; rule: Rule };
export type Allowed = { study: StudyRecord; verdict: ReportVerdict; audit: AuditNote & { because: string } };

/** The study for whoever `rule` lets act on it, with what the record says of that; for everyone else the refusal, which tells nothing. */
export async function studyFor(
  { tx, now }: ActionTx,
  who: Actor,
  { owner, study: id, rule }: Asked,
): Promise<Allowed | Extract<ActionResult<never>, { refused: string }>> {
  const study = await studyById(tx, owner, id);
  const verdict = rule(who, await studyFacts(tx, owner, id, subjectsOf(who)), now); // asked either way: time does not tell what is here
  if (!study) return { ...NO_SUCH_STUDY, refused: "no-grant", audit: { subject: id } };
  const { because, grant } = verdict;
  const audit = { organisation: owner, study: id, patient: study.patient, subject: grant ?? undefined, because };
  return verdict.allowed ? { study, verdict, audit } : { ...NO_SUCH_STUDY, refused: because, audit };
}
