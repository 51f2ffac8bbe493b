import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import { Report, type ReportText, type SignReport } from "#contract/studies.ts";
import { ask, Nothing } from "../api.ts";

const at = (owner: string, id: string) => `/api/studies/${owner}/${id}/report`;

export const reportQuery = (owner: string, id: string) =>
  queryOptions({
    queryKey: ["report", owner, id],
    queryFn: ({ signal }) => ask(at(owner, id), Report, { signal }),
    staleTime: Number.POSITIVE_INFINITY, // what is being written is never replaced from behind
  });

export const saveDraft = (owner: string, id: string, text: ReportText) =>
  ask(at(owner, id), Nothing, { method: "PUT", body: text });
export const signReport = (owner: string, id: string, status: z.infer<typeof SignReport>["status"]) =>
  ask(`${at(owner, id)}/sign`, Nothing, { body: { status } });
export const pdfUrl = (owner: string, id: string) => `${at(owner, id)}.pdf`;
