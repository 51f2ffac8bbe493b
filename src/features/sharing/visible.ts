import { type RawBuilder, sql } from "kysely";
import type { Actor } from "#features/audit/actor.ts";
import { type Reach, reachOf } from "#features/sharing/rules.ts";

/**
 * The condition under which this actor may find a row of `study` of this owner: the SQL of `mayView`. Stands in every search;
 * row-level security is the wall behind it.
 */
export function visibleTo(who: Actor, owner: string): RawBuilder<boolean> {
  const reach = reachOf(who, owner);
  if (reach.all) return sql<boolean>`study.organisation = ${owner}`;
  return sql<boolean>`study.organisation = ${owner} and exists (
    select from access x join access_grant g on g.organisation = x.owner and g.id = x.grant_id
    where x.owner = study.organisation and x.study = study.id and ${throughSubjects(reach)}
      and 'view' = any(g.rights) and g.purpose = any(${[...reach.purposes]}::text[])
      and g.revoked_at is null and g.basis_ended_at is null and g.from_at <= now() and now() < g.until_at and (g.basis_until is null or now() < g.basis_until))`;
}

/** Rows of the access relation that are this actor's: what names a person only where they work as it says. */
function throughSubjects({ subjects, named }: Extract<Reach, { all: false }>): RawBuilder<boolean> {
  const mine = sql<boolean>`x.subject = any(${[...subjects]}::uuid[])`;
  return named === null
    ? mine
    : sql<boolean>`${mine} and (x.subject <> ${named.person} or x.workplace = ${named.workplace})`;
}

export type Whose = "mine" | "granted" | "all";

/** As `visibleTo`, over the actor's own organisation, over everything that others granted, or both. */
export function visibleAcross(who: Actor, whose: Whose): RawBuilder<boolean> {
  const own = visibleTo(who, who.organisation);
  if (whose === "mine") return own;
  const reach = reachOf(who, "");
  if (reach.all) return own;
  const granted = sql<boolean>`(study.organisation, study.id) in (
    select x.owner, x.study from access x join access_grant g on g.organisation = x.owner and g.id = x.grant_id
    where ${throughSubjects(reach)} and x.owner <> ${who.organisation}
      and 'view' = any(g.rights) and g.purpose = any(${[...reach.purposes]}::text[])
      and g.revoked_at is null and g.basis_ended_at is null and g.from_at <= now() and now() < g.until_at and (g.basis_until is null or now() < g.basis_until))`;
  return whose === "granted" ? granted : sql<boolean>`(${own} or ${granted})`;
}
