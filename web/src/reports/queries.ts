import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { Report, ReportRead, type ReportText, type SignReport } from "#contract/studies.ts";
import { ask, Nothing } from "../api.ts";

const at = (owner: string, id: string) => `/api/studies/${owner}/${id}/report`;

export const readReport = (owner: string, id: string, signal?: AbortSignal) => ask(at(owner, id), Report, { signal });
export const reportQuery = (owner: string, id: string) =>
  queryOptions({
    queryKey: ["report", owner, id],
    queryFn: ({ signal }) => readReport(owner, id, signal),
    staleTime: Number.POSITIVE_INFINITY, // what is being written is never replaced from behind
    gcTime: 0, // and whoever opens it again sees what was saved since
  });

/** Keeps `text` on top of the version `base`; the answer names what was kept. */
export const saveDraft = (owner: string, id: string, text: ReportText, base: number) =>
  ask(at(owner, id), ReportRead, { method: "PUT", body: { ...text, base } });
/** Makes somebody else's draft one's own, as it was read. */
export const takeOver = (owner: string, id: string, { version, sha256 }: ReportRead) =>
  ask(`${at(owner, id)}/take-over`, Report, { body: { version, sha256 } });
/** Signs exactly what was read. */
export const signReport = (owner: string, id: string, status: SignReport["status"], { version, sha256 }: ReportRead) =>
  ask(`${at(owner, id)}/sign`, Nothing, { body: { status, version, sha256 } satisfies SignReport });
export const pdfUrl = (owner: string, id: string) => `${at(owner, id)}.pdf`;

/** What was typed into a report and could not be saved before its panel closed. Gone with everything else at the next sign-in. */
export type Unsaved = { text: ReportText; base: ReportRead };
const UNSAVED = "report-unsaved";

export const unsavedOf = (queries: QueryClient, owner: string, id: string): Unsaved | undefined =>
  queries.getQueryData([UNSAVED, owner, id]);

export function keepUnsaved(queries: QueryClient, owner: string, id: string, unsaved: Unsaved | undefined): void {
  queries.setQueryDefaults([UNSAVED], { gcTime: Number.POSITIVE_INFINITY });
  if (unsaved) queries.setQueryData([UNSAVED, owner, id], unsaved);
  else queries.removeQueries({ queryKey: [UNSAVED, owner, id] });
}

export const anyUnsaved = (queries: QueryClient): boolean => queries.getQueriesData({ queryKey: [UNSAVED] }).length > 0;
