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
import { Shell } from "./ui/Shell.tsx";
import { StudiesPage } from "./worklist/StudiesPage.tsx";

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
  validateSearch: z.object({ to: z.string().max(300).optional(), ended: z.literal(true).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import("./signin/SigninPage.tsx"), "SigninPage"),
});

type Component = ReturnType<typeof lazyRouteComponent>;
const open = (path: "/setup" | "/invite", component: Component) =>
  createRoute({ getParentRoute: () => root, path, staticData: { room: "dark" }, component });

const setup = open(
  "/setup",
  lazyRouteComponent(() => import("./signin/SetupPage.tsx"), "SetupPage"),
);
const invite = open(
  "/invite",
  lazyRouteComponent(() => import("./signin/InvitePage.tsx"), "InvitePage"),
);

/** Everything below needs somebody who is signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context: { queries }, location }) => {
    const session = await queries.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: "/signin", search: { to: location.pathname } });
  },
});

const study = createRoute({
  getParentRoute: () => inside,
  path: "/studies/$owner/$id",
  staticData: { room: "dark", roomFixed: true },
  component: lazyRouteComponent(() => import("./study/StudyPage.tsx"), "StudyPage"),
});

const shell = createRoute({ getParentRoute: () => inside, id: "shell", component: Shell });

const text = z.string().max(200).optional();
const studies = createRoute({
  getParentRoute: () => shell,
  path: "/studies",
  staticData: { room: "dark" },
  validateSearch: z.object({ owner: text, modality: text, date: text, from: text, to: text, sort: text }),
  component: StudiesPage,
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  staticData: { room: "light" },
  component: lazyRouteComponent(() => import("./audit/AuditPage.tsx"), "AuditPage"),
});
const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  staticData: { room: "light" },
  component: lazyRouteComponent(() => import("./account/AccountPage.tsx"), "AccountPage"),
});
const outbox = createRoute({
  getParentRoute: () => shell,
  path: "/outbox",
  staticData: { room: "light" },
  component: lazyRouteComponent(() => import("./demo/OutboxPage.tsx"), "OutboxPage"),
});
const admin = createRoute({
  getParentRoute: () => shell,
  path: "/admin",
  staticData: { room: "light" },
  component: lazyRouteComponent(() => import("./admin/AdminLayout.tsx"), "AdminLayout"),
});
const adminPage = <Path extends string>(path: Path, component: Component) =>
  createRoute({ getParentRoute: () => admin, path, component });

const adminPages = [
  adminPage(
    "people",
    lazyRouteComponent(() => import("./admin/PeoplePage.tsx"), "PeoplePage"),
  ),
  adminPage(
    "devices",
    lazyRouteComponent(() => import("./admin/devices/DevicesPage.tsx"), "DevicesPage"),
  ),
  adminPage(
    "partners",
    lazyRouteComponent(() => import("./admin/PartnersPage.tsx"), "PartnersPage"),
  ),
  adminPage(
    "consent",
    lazyRouteComponent(() => import("./admin/ConsentPage.tsx"), "ConsentPage"),
  ),
  adminPage(
    "tokens",
    lazyRouteComponent(() => import("./admin/TokensPage.tsx"), "TokensPage"),
  ),
  adminPage(
    "organisation",
    lazyRouteComponent(() => import("./admin/OrganisationPage.tsx"), "OrganisationPage"),
  ),
  adminPage(
    "encryption",
    lazyRouteComponent(() => import("./admin/EncryptionPage.tsx"), "EncryptionPage"),
  ),
] as const;

export const routeTree = root.addChildren([
  doors,
  signin,
  setup,
  invite,
  inside.addChildren([study, shell.addChildren([studies, audit, account, outbox, admin.addChildren(adminPages)])]),
]);
