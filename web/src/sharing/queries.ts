import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import { AgreementRow } from "#contract/people.ts";
import { AccessList, ConsentForm, Shared, type ShareProposal, ShareVerdict } from "#contract/sharing.ts";
import { ask, Nothing } from "../api.ts";
import { listOf } from "../lists.ts";

export const accessQuery = (owner: string, id: string) =>
  queryOptions({
    queryKey: ["access", owner, id],
    queryFn: ({ signal }) => ask(`/api/studies/${owner}/${id}/access`, AccessList, { signal }),
  });

export const partnersQuery = queryOptions({
  queryKey: ["partners"],
  queryFn: ({ signal }) => ask("/api/partners", listOf(AgreementRow), { signal }),
});

export const formsQuery = queryOptions({
  queryKey: ["consent", "forms"],
  queryFn: ({ signal }) => ask("/api/consent/forms", listOf(ConsentForm), { signal }),
});
export type ConsentFormVersion = z.infer<typeof ConsentForm>;

export const verdictQuery = (owner: string, id: string, proposal: ShareProposal | undefined) =>
  queryOptions({
    queryKey: ["verdict", owner, id, proposal],
    queryFn: ({ signal }) => ask(`/api/studies/${owner}/${id}/share/verdict`, ShareVerdict, { body: proposal, signal }),
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
