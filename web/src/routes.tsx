import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  Outlet,
  redirect,
  useMatches,
} from "@tanstack/react-router";
import { z } from "zod";
import { doorsQuery } from "./demo/queries.ts";
import { sessionQuery } from "./session.ts";
import { Lit } from "./ui/Lit.tsx";
import type { Room } from "./ui/room.ts";

/** Every URL of the staff's pages in one table. Recipients of a link have their own small entry (link.html, /l). */

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** The room a page suggests; "fixed" holds against the person's own choice. */
    room?: Room;
    roomFixed?: boolean;
  }
}

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Rooms });

function Rooms() {
  const matches = useMatches();
  const lit = matches.findLast((match) => match.staticData.room)?.staticData;
  return (
    <Lit suggests={lit?.room ?? "dark"} fixed={lit?.roomFixed ?? false}>
      <Outlet />
    </Lit>
  );
}

const doors = createRoute({
  getParentRoute: () => root,
  path: "/",
  staticData: { room: "dark", roomFixed: true },
  beforeLoad: async ({ context: { queries } }) => {
    if (await queries.ensureQueryData(doorsQuery)) return;
    const session = await queries.ensureQueryData(sessionQuery);
    throw redirect({ to: session ? "/studies" : "/signin" });
  },
  component: lazyRouteComponent(() => import("./demo/DoorsPage.tsx"), "DoorsPage"),
});

const signin = createRoute({
  getParentRoute: () => root,
  path: "/signin",
  staticData: { room: "dark" },
  validateSearch: z.object({ to: z.string().max(300).optional() }),
  component: lazyRouteComponent(() => import("./signin/SigninPage.tsx"), "SigninPage"),
});

export const routeTree = root.addChildren([doors, signin]);
