import type { Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";

/** Who sees who has access to the studies of their organisation, and how a grant stands. Pure. */

const SEE: readonly Role[] = ["administrator", "radiographer", "radiologist", "privacy-officer", "auditor"];
const REVOKE: readonly Role[] = ["radiographer", "radiologist", "privacy-officer"];

const hasOne = (who: Actor, roles: readonly Role[]): boolean =>
  who.kind === "person" && who.roles.some((role) => roles.includes(role));

export function maySeeAccess(who: Actor, owner: string): boolean {
  return who.organisation === owner && hasOne(who, SEE);
}

/** Whoever may share may take it back; the program itself may too. */
export function mayRevoke(who: Actor): boolean {
  return who.kind === "system" || hasOne(who, REVOKE);
}

export type GrantState = "open" | "expired" | "revoked" | "basis-ended" | "left" | "used-up" | "closed";
export type GrantTimes = {
  until: Date;
  revokedAt: Date | null;
  basisUntil: Date | null;
  basisEndedAt: Date | null;
  /** Whoever it was given to does not work there any more. */
  left: boolean;
  linkClosedAt: Date | null;
  usesLeft: number | null;
};

/** How a grant stands now. What was decided comes before what ran out by itself. */
export function stateOf(grant: GrantTimes, now: Date): GrantState {
  if (grant.revokedAt !== null) return "revoked";
  if (grant.basisEndedAt !== null || (grant.basisUntil !== null && grant.basisUntil <= now)) return "basis-ended";
  if (grant.until <= now) return "expired";
  if (grant.left) return "left";
  if (grant.linkClosedAt !== null) return "closed";
  return grant.usesLeft === 0 ? "used-up" : "open";
}
