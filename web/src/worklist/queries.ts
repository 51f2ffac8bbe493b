import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { StudyDetail, StudyPage } from "#contract/studies.ts";
import { ask } from "../api.ts";
import { type Filters, listQuery } from "./filters.ts";

export const studiesQuery = (filters: Filters, search: string) =>
  infiniteQueryOptions({
    queryKey: ["studies", filters, search],
    queryFn: ({ pageParam, signal }) =>
      ask(`/api/studies?${listQuery(filters, search, pageParam, new Date())}`, StudyPage, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: 60_000, // should the live line be cut
  });

export const studyQuery = (owner: string, id: string) =>
  queryOptions({
    queryKey: ["study", owner, id],
    queryFn: ({ signal }) => ask(`/api/studies/${owner}/${id}`, StudyDetail, { signal }),
  });
