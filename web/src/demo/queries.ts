import { queryOptions } from "@tanstack/react-query";
import { DemoDoors, DemoEntered } from "#contract/people.ts";
import { ask, Refused } from "../api.ts";

/** The demo's four doors; null on a server that is no demo. */
export const doorsQuery = queryOptions({
  queryKey: ["demo", "doors"],
  queryFn: async ({ signal }) => {
    try {
      return (await ask("/api/demo/doors", DemoDoors, { signal, quiet401: true })).doors;
    } catch (thrown) {
      if (thrown instanceof Refused && thrown.status !== 0 && thrown.status < 500) return null;
      throw thrown;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

export type Door = NonNullable<Awaited<ReturnType<NonNullable<typeof doorsQuery.queryFn>>>>[number];

export const enterDoor = (door: string) => ask("/api/demo/enter", DemoEntered, { body: { door }, quiet401: true });
