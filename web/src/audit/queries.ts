import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import { AuditPage, LedgerState } from "#contract/audit.ts";
import { ask } from "../api.ts";

export type AuditFilters = { patient: string; person: string; action: string; from: string; to: string };
export const NO_FILTERS: AuditFilters = { patient: "", person: "", action: "", from: "", to: "" };

export const auditQuery = (filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ["audit", filters],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value.trim() !== ""));
      if (pageParam) query.set("after", pageParam);
      return ask(`/api/audit?${query}`, AuditPage, { signal });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

export const ledgerQuery = queryOptions({
  queryKey: ["ledger"],
  queryFn: ({ signal }) => ask("/api/audit/proof", LedgerState, { signal }),
  refetchInterval: 60_000,
});

export const inclusionProof = (id: string) => ask(`/api/audit/proof/${id}`, z.unknown());
