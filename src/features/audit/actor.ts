import type { Purpose, Right, Role, TokenScope } from "#contract/words.ts";

/**
 * Who asks. Purpose belongs to the session, token, device or link, never to a request parameter. `organisation` is the one
 * the actor works for; for a link it is the owner's.
 */
export type Actor =
  | {
      kind: "person";
      id: string;
      organisation: string;
      roles: readonly Role[];
      purpose: Purpose;
      session: string;
      /** Their second factor was reset less than a day ago: keys, files and appointing others wait, so that whoever was robbed of it hears of it first. */
      resting?: boolean;
    }
  | { kind: "device"; id: string; organisation: string; services: readonly string[]; purpose: Purpose; session: string }
  | {
      kind: "token";
      id: string;
      organisation: string;
      scopes: readonly TokenScope[];
      purpose: Purpose;
      session: string;
    }
  | { kind: "link"; id: string; organisation: string; rights: readonly Right[]; purpose: Purpose; session: string }
  | { kind: "system"; id: null; organisation: string; purpose: "operations"; session: string };

/** The scope of an actor's transactions: what row-level security compares. A link or device works in its owner's organisation. */
export function scopeOf(who: Actor): { organisation: string; person: string | null } {
  return { organisation: who.organisation, person: who.kind === "person" ? who.id : null };
}

/** The program itself, acting for one organisation: imports from the shell, jobs, start-up. */
export function systemActor(organisation: string, session: string): Actor {
  return { kind: "system", id: null, organisation, purpose: "operations", session };
}

/** Everyone under whose name a grant to this actor may stand: organisation and person, or the link. */
export function subjectsOf(who: Actor): string[] {
  if (who.kind === "link") return [who.id];
  if (who.kind === "person") return [who.organisation, who.id];
  return [who.organisation];
}
