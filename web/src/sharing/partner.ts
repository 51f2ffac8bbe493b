import type { StudyDetail } from "#contract/studies.ts";
import { personName } from "../ui/format.ts";
import type { Draft } from "./proposal.ts";

/** What to call the recipient in a sentence. */
export function partnerNameOf(draft: Draft, study: StudyDetail): string {
  if (draft.tab === "link") return draft.toPatient ? personName(study.patientName) : draft.recipient;
  return draft.partner === "person" ? draft.email : draft.recipient;
}
