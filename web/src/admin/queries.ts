import { queryOptions } from "@tanstack/react-query";
import { DemoLetter, DeviceRow, OrganisationSettings, PersonRow, TokenRow } from "#contract/people.ts";
import { EncryptionState } from "#contract/studies.ts";
import { ask } from "../api.ts";
import { listOf } from "../lists.ts";

export const encryptionQuery = queryOptions({
  queryKey: ["encryption"],
  queryFn: ({ signal }) => ask("/api/encryption", EncryptionState, { signal }),
});
export const organisationQuery = queryOptions({
  queryKey: ["organisation"],
  queryFn: ({ signal }) => ask("/api/organisation", OrganisationSettings, { signal }),
});
export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: ({ signal }) => ask("/api/people", listOf(PersonRow), { signal }),
});
export const devicesQuery = queryOptions({
  queryKey: ["devices"],
  queryFn: ({ signal }) => ask("/api/devices", listOf(DeviceRow), { signal }),
});
export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => ask("/api/tokens", listOf(TokenRow), { signal }),
});
export const outboxQuery = queryOptions({
  queryKey: ["outbox"],
  queryFn: ({ signal }) => ask("/api/demo/outbox", listOf(DemoLetter), { signal }),
});
