import type { Actor } from "#features/audit/actor.ts";
import { isResting, RESTING } from "#features/audit/rules.ts";

/** Who may see an organisation's people and machines, change its settings and take access away: its administrators, a machine that was given that scope, and the operator's shell. Pure. */
export function mayAdminister(who: Actor): boolean {
  if (who.kind === "token") return who.scopes.includes("admin");
  return mayAppoint(who);
}

/**
 * Who may let others in: persons and their roles, devices, partners, machines' tokens. No machine does, so that a lost token
 * cannot outlive itself. Pure.
 */
export function mayAppoint(who: Actor): boolean {
  return who.kind === "system" || (who.kind === "person" && who.roles.includes("administrator"));
}

export const REFUSED = {
  refused: "role",
  fault: "role.denied",
  say: "Only an administrator of your organisation can do this.",
  audit: {},
} as const;

/** Why this actor lets nobody in now; null where they may. Whoever stole a sign-in by its reset would only appoint a second one that need not rest. Pure. */
export function appointingRefused(who: Actor): typeof REFUSED | typeof RESTING | null {
  if (!mayAppoint(who)) return REFUSED;
  return isResting(who) ? RESTING : null;
}
