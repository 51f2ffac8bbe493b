import { type BasisKind, PURPOSES, type Purpose, type Right, type Role } from "#contract/words.ts";
import type { Actor } from "#features/audit/actor.ts";
import { subjectsOf } from "#features/audit/actor.ts";
import { isResting } from "#features/audit/rules.ts";

/** Verdicts on studies: pure functions of facts and time, for every wire. The default is no. */

export type GrantFacts = {
  id: string;
  /** An organisation's, a person's or a link's identifier. */
  subject: string;
  /** Given to a person: the organisation they work for under it. Working for another one, or for none, they have nothing by it. */
  workplace: string | null;
  rights: readonly Right[];
  purpose: Purpose;
  basisKind: BasisKind;
  basisUntil: Date | null;
  basisEndedAt: Date | null;
  from: Date;
  until: Date;
  revokedAt: Date | null;
  withReport: boolean;
};

export type StudyFacts = {
  study: string;
  owner: string;
  grants: readonly GrantFacts[];
};

export type Because =
  | "own-care"
  | "own-duty"
  | "grant"
  | "token-scope"
  | "device-service"
  | "role"
  | "purpose"
  | "no-grant"
  | "basis-ended"
  | "grant-ended"
  | "right-missing"
  | "scope-missing"
  | "resting";

export type AccessVerdict =
  | { allowed: true; because: Because; grant: string | null }
  | { allowed: false; because: Because };

const allow = (because: Because, grant: string | null = null): AccessVerdict => ({ allowed: true, because, grant });
const deny = (because: Because): AccessVerdict => ({ allowed: false, because });

/** What a role may do with the studies of its own organisation in care. A referrer, an auditor or a privacy officer sees none by role alone. */
const OWN_CARE: Record<Role, readonly Right[]> = {
  administrator: [],
  radiographer: ["view", "download", "re-share"],
  radiologist: ["view", "download", "report", "re-share"],
  referrer: [],
  "privacy-officer": [],
  auditor: [],
};

/** What a role may do with what another organisation granted; a person named in a grant needs no clinical role. */
const GRANTED: Record<Role, readonly Right[]> = {
  administrator: [],
  radiographer: ["view", "download"],
  radiologist: ["view", "download", "report", "re-share"],
  referrer: ["view", "download"],
  "privacy-officer": [],
  auditor: [],
};

/** Whether they may look at its images. */
export function mayView(who: Actor, study: StudyFacts, now: Date): AccessVerdict {
  return mayUse("view", who, study, now);
}

/** Whether they may take its files. */
export function mayDownload(who: Actor, study: StudyFacts, now: Date): AccessVerdict {
  return mayUse("download", who, study, now);
}

/** Whether they may write and sign its report. */
export function mayReport(who: Actor, study: StudyFacts, now: Date): AccessVerdict {
  return mayUse("report", who, study, now);
}

/** Whether they may read its report: whoever may look at its images may, unless the grant they look by leaves the report out. */
export function mayReadReport(who: Actor, study: StudyFacts, now: Date): AccessVerdict {
  const verdict = mayUse("view", who, study, now);
  if (!verdict.allowed || verdict.grant === null) return verdict;
  const grant = study.grants.find((candidate) => candidate.id === verdict.grant);
  return grant?.withReport === true ? verdict : deny("right-missing");
}

/** One rule for every right and every wire: what role or grant allows; files only once a reset of the second factor is a day old. */
export function mayUse(right: Right, who: Actor, study: StudyFacts, now: Date): AccessVerdict {
  const verdict = byRoleOrGrant(right, who, study, now);
  return verdict.allowed && right === "download" && isResting(who) ? deny("resting") : verdict;
}

/** Own care by role, else a grant that covers subject, right, purpose and time and whose basis stands. */
function byRoleOrGrant(right: Right, who: Actor, study: StudyFacts, now: Date): AccessVerdict {
  if (who.organisation === study.owner && who.kind !== "link") {
    const own = inOwnOrganisation(right, who);
    if (own.allowed || who.kind !== "person") return own;
    const named = byGrant(right, who, [who.id], study, now);
    return named.allowed ? named : own;
  }
  if (who.kind === "person") {
    const byPerson = byGrant(right, who, [who.id], study, now);
    if (byPerson.allowed) return byPerson;
    if (!who.roles.some((role) => GRANTED[role].includes(right))) return deny("role");
    return byGrant(right, who, [who.organisation], study, now);
  }
  if (who.kind === "token" && !tokenAllows(right, who.scopes)) return deny("scope-missing");
  if (who.kind === "device" && !who.services.includes("query")) return deny("scope-missing");
  if (who.kind === "link" && who.organisation !== study.owner) return deny("no-grant"); // its owner's studies only
  if (who.kind === "link" && !who.rights.includes(right)) return deny("right-missing");
  if (who.kind === "system") return deny("purpose");
  return byGrant(right, who, subjectsOf(who), study, now);
}

function inOwnOrganisation(right: Right, who: Exclude<Actor, { kind: "link" }>): AccessVerdict {
  switch (who.kind) {
    case "person":
      if (who.purpose !== "care") return deny("purpose");
      return who.roles.some((role) => OWN_CARE[role].includes(right)) ? allow("own-care") : deny("role");
    case "device":
      return right !== "report" && who.services.includes("query") ? allow("device-service") : deny("scope-missing");
    case "token":
      if (who.purpose !== "care") return deny("purpose");
      return tokenAllows(right, who.scopes) ? allow("token-scope") : deny("scope-missing");
    case "system":
      return right === "view" ? allow("own-duty") : deny("purpose");
  }
}

function tokenAllows(right: Right, scopes: readonly string[]): boolean {
  return (right === "view" || right === "download") && scopes.includes("dicomweb.read");
}

function byGrant(right: Right, who: Actor, subjects: readonly string[], study: StudyFacts, now: Date): AccessVerdict {
  const mine = study.grants.filter((grant) => subjects.includes(grant.subject) && isForWorkOf(who, grant));
  if (mine.length === 0) return deny("no-grant");
  const standing = mine.filter((grant) => grantStands(grant, now));
  if (standing.length === 0) return deny(mine.some((grant) => basisStands(grant, now)) ? "grant-ended" : "basis-ended");
  const covering = standing.filter((grant) => grant.rights.includes(right));
  if (covering.length === 0) return deny("right-missing");
  const fitting = covering.find((grant) => purposeFits(who.purpose, grant.purpose));
  return fitting ? allow("grant", fitting.id) : deny("purpose");
}

/** A grant that names the person counts where they work as it says; one to their organisation is for whoever works there. */
function isForWorkOf(who: Actor, grant: GrantFacts): boolean {
  return who.kind !== "person" || grant.subject !== who.id || grant.workplace === who.organisation;
}

/**
 * What a search of an owner's studies may show this actor: all of them, or those with a standing grant to one of `subjects` for
 * one of `purposes`; what stands in the name of `person` only for their `workplace`.
 */
export type Reach =
  | { all: true }
  | {
      all: false;
      subjects: readonly string[];
      named: { person: string; workplace: string } | null;
      purposes: readonly Purpose[];
    };

/** The same policy as `mayView`, as the parts of a query: search cannot call a function a row. A law shows that both agree. */
export function reachOf(who: Actor, owner: string): Reach {
  const purposes = PURPOSES.filter((purpose) => purposeFits(who.purpose, purpose));
  const named = who.kind === "person" ? { person: who.id, workplace: who.organisation } : null;
  const through = (...subjects: string[]): Reach => ({ all: false, subjects, named, purposes });
  const none = through();
  if (who.kind === "link") return who.organisation === owner && who.rights.includes("view") ? through(who.id) : none;
  if (who.organisation === owner) {
    if (inOwnOrganisation("view", who).allowed) return { all: true };
    return who.kind === "person" ? through(who.id) : none;
  }
  switch (who.kind) {
    case "person":
      return who.roles.some((role) => GRANTED[role].includes("view"))
        ? through(who.id, who.organisation)
        : through(who.id);
    case "token":
      return tokenAllows("view", who.scopes) ? through(who.organisation) : none;
    case "device":
      return who.services.includes("query") ? through(who.organisation) : none;
    case "system":
      return none;
  }
}

/** A session of care may use what was granted for care, a second opinion or at the patient's wish; every other purpose only its own. */
function purposeFits(session: Purpose, granted: Purpose): boolean {
  if (session === granted) return true;
  return (
    session === "care" && (granted === "second-opinion" || granted === "patient-request" || granted === "emergency")
  );
}

export function grantStands(grant: GrantFacts, now: Date): boolean {
  return grant.revokedAt === null && grant.from <= now && now < grant.until && basisStands(grant, now);
}

export function basisStands(grant: GrantFacts, now: Date): boolean {
  return grant.basisEndedAt === null && (grant.basisUntil === null || now < grant.basisUntil);
}
