import { queryOptions } from "@tanstack/react-query";
import { EncryptionState } from "#contract/studies.ts";
import { ask } from "../api.ts";

export const encryptionQuery = queryOptions({
  queryKey: ["encryption"],
  queryFn: ({ signal }) => ask("/api/encryption", EncryptionState, { signal }),
});
