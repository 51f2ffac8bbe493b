import type { Actor } from "#features/audit/actor.ts";

/** Who may change an organisation's devices, partners and settings: its administrators, a machine that was given that scope, and the operator's shell. Pure. */
export function mayAdminister(who: Actor): boolean {
  if (who.kind === "token") return who.scopes.includes("admin");
  return mayAppoint(who);
}

/** Who may let others in: persons, their roles and machines' tokens. No machine does, so that a lost token cannot outlive itself. */
export function mayAppoint(who: Actor): boolean {
  return who.kind === "system" || (who.kind === "person" && who.roles.includes("administrator"));
}

export const REFUSED = {
  refused: "role",
  fault: "role.denied",
  say: "Only an administrator of your organisation can do this.",
  audit: {},
} as const;
