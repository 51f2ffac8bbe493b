import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import { AgreementRow } from "#contract/people.ts";
import {
  AccessList,
  ConsentEnded,
  ConsentForm,
  ConsentRow,
  Shared,
  type ShareProposal,
  ShareVerdict,
} from "#contract/sharing.ts";
import { ask, Nothing } from "../api.ts";
import { listOf } from "../lists.ts";
import { basisOfOffer } from "./proposal.ts";

export const accessQuery = (owner: string, id: string) =>
  queryOptions({
    queryKey: ["access", owner, id],
    queryFn: ({ signal }) => ask(`/api/studies/${owner}/${id}/access`, AccessList, { signal }),
    staleTime: 0, // whoever opens the dialog asks who has access now
  });

export const partnersQuery = queryOptions({
  queryKey: ["partners"],
  queryFn: ({ signal }) => ask("/api/partners", listOf(AgreementRow), { signal }),
});

export const consentsQuery = (study: string) =>
  queryOptions({
    queryKey: ["consents", study],
    queryFn: ({ signal }) => ask(`/api/patients/${study}/consents`, listOf(ConsentRow), { signal }),
    retry: false,
  });

export const endConsent = (id: string, reason: string) =>
  ask(`/api/consents/${id}/end`, ConsentEnded, { body: { reason } });

export const formsQuery = queryOptions({
  queryKey: ["consent", "forms"],
  queryFn: ({ signal }) => ask("/api/consent/forms", listOf(ConsentForm), { signal }),
});
export type ConsentFormVersion = z.infer<typeof ConsentForm>;

export type Judged = { verdict: ShareVerdict; proposal: ShareProposal };

/** Asks for the verdict; where only the basis is missing and one on record carries the proposal, asks again with it. */
export const verdictQuery = (owner: string, id: string, proposal: ShareProposal | undefined) =>
  queryOptions({
    queryKey: ["verdict", owner, id, proposal],
    queryFn: async ({ signal }): Promise<Judged> => {
      const judge = (asked: ShareProposal | undefined) =>
        ask(`/api/studies/${owner}/${id}/share/verdict`, ShareVerdict, { body: asked, signal });
      const verdict = await judge(proposal);
      const offered = verdict.bases[0];
      if (!proposal || verdict.verdict.allowed || !offered) return { verdict, proposal: proposal as ShareProposal };
      const better = { ...proposal, basis: basisOfOffer(offered) };
      return { verdict: await judge(better), proposal: better };
    },
    enabled: proposal !== undefined,
    staleTime: 0,
    gcTime: 10_000, // the proposal may hold a password
  });

export const share = (owner: string, id: string, proposal: ShareProposal) =>
  ask(`/api/studies/${owner}/${id}/share`, Shared, { body: proposal });

export const revoke = (grant: string) => ask(`/api/grants/${grant}`, Nothing, { method: "DELETE" });

const Recorded = z.looseObject({ id: z.string() });

/** The patient is named by the study: the desk never types an identity. */
export const recordConsent = (study: string, consent: unknown) =>
  ask(`/api/patients/${study}/consents`, Recorded, { body: consent });

export const recordAgreement = (agreement: unknown) => ask("/api/partners", Recorded, { body: agreement });
