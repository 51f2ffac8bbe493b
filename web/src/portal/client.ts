import type { z } from "zod";
import * as contract from "#contract/sharing.ts";
import { ask, Nothing, type Refused, refusal } from "../api.ts";

/** What a person with a link may ask. The secret travels only in the body of a POST. */
export type LinkCard = z.infer<typeof contract.LinkCard>;
export type LinkEnded = z.infer<typeof contract.LinkEnded>;
export type LinkStudy = z.infer<typeof contract.LinkStudy>;
export type ReportForPatient = z.infer<typeof contract.ReportForPatient>;

const quiet = { quiet401: true } as const;
const named = (study: string | undefined): string => (study ? `?study=${encodeURIComponent(study)}` : "");

export const look = (secret: string) => ask("/api/link/look", contract.LinkCard, { body: { secret }, ...quiet });
export const sendCode = (secret: string) => ask("/api/link/send-code", Nothing, { body: { secret }, ...quiet });
export const open = (secret: string, answer: string) =>
  ask("/api/link/open", contract.LinkStudy, { body: { secret, answer }, ...quiet });
/** The study of the link, or one of the earlier ones that were shared with it. */
export const reopen = (study?: string) => ask(`/api/link/study${named(study)}`, contract.LinkStudy, quiet);
export const report = (study?: string) => ask(`/api/link/report${named(study)}`, contract.ReportForPatient, quiet);
/** Why the link is not open by which this browser was let in; null where it never was. */
export const ended = (secret: string | undefined) =>
  ask("/api/link/ended", contract.LinkEnded.nullable(), { body: secret ? { secret } : {}, ...quiet });
export const forget = () => ask("/api/link/close", Nothing, { method: "POST", body: {}, ...quiet });

export const frameUrl = (instance: string, frame: number, window: string) =>
  `/api/link/frames/${encodeURIComponent(instance)}/${frame}${window ? `?window=${encodeURIComponent(window)}` : ""}`;
export const pageUrl = (instance: string, page: number) => `/api/link/document/${encodeURIComponent(instance)}/${page}`;
export const thumbnailUrl = (instance: string) => `/api/link/thumbnail/${encodeURIComponent(instance)}`;
export const reportPdf = (study?: string) => `/api/link/report.pdf${named(study)}`;
export const DOWNLOAD = "/api/link/download";

/** One picture as a blob address; throws `Refused` so that the page can say why there is none. */
export async function picture(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  if (!response.ok) throw (await refusal(response)) satisfies Refused;
  return URL.createObjectURL(await response.blob());
}
