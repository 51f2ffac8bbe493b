import { queryOptions, useQuery } from "@tanstack/react-query";
import { Session } from "#contract/people.ts";
import { ask, Refused } from "./api.ts";

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await ask("/api/session", Session, { signal, quiet401: true });
    } catch (thrown) {
      if (thrown instanceof Refused && thrown.status === 401) return null;
      throw thrown;
    }
  },
  staleTime: 60_000,
  retry: false,
});

/** The session of a page that needs one. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Refused(401, { code: "sign-in.required", message: "" });
  return data;
}
