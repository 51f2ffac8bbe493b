import type { Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";

const READERS: readonly Role[] = ["privacy-officer", "auditor", "administrator"];

/** Who may read an organisation's record: those whose duty it is, and the operator's shell. No machine, no link. Pure. */
export function mayReadRecord(who: Actor): boolean {
  if (who.kind === "system") return true;
  return who.kind === "person" && who.roles.some((role) => READERS.includes(role));
}

/** Decision 7: for a day after a reset of the second factor a person takes no files and makes no key, no colleague and no role. Pure. */
export function isResting(who: Actor): boolean {
  return who.kind === "person" && who.resting === true;
}

/** What is unknown and what is forbidden are told in the same words, on every wire. */
export const NO_SUCH_STUDY = { fault: "access.denied", say: "There is no such study here for you." } as const;

export const RESTING = {
  refused: "resting",
  fault: "role.denied",
  say: "Your sign-in was reset less than a day ago. For that day keys, invitations, roles, resets, downloads and exports wait; a colleague can do this.",
  audit: {},
} as const;

export const REFUSED = {
  refused: "role",
  fault: "role.denied",
  say: "Only a privacy officer, an auditor or an administrator of your organisation can do this.",
  audit: {},
} as const;
