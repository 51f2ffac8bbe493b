import type { Session } from "#contract/people.ts";

/** The administrator's pages in menu order, and who finds them in the menu. The server decides again at each request. */
export const ADMIN_PAGES = [
  { path: "/admin/people", words: "people", for: (s: Session) => s.can.administer },
  { path: "/admin/devices", words: "devices", for: (s: Session) => s.can.administer },
  { path: "/admin/partners", words: "partners", for: (s: Session) => s.can.administer || isOfficer(s) },
  { path: "/admin/consent", words: "consent", for: (s: Session) => s.can.administer || isOfficer(s) },
  { path: "/admin/tokens", words: "tokens", for: (s: Session) => s.can.administer },
  { path: "/admin/organisation", words: "organisation", for: (s: Session) => s.can.administer },
  { path: "/admin/encryption", words: "encryption", for: (s: Session) => s.can.administer || s.can.audit },
] as const;

export type AdminPath = (typeof ADMIN_PAGES)[number]["path"];

const isOfficer = (session: Session) => session.roles.includes("privacy-officer");

export function firstAdminPage(session: Session): AdminPath | undefined {
  return ADMIN_PAGES.find((page) => page.for(session))?.path;
}
