import type pg from "pg";
import { z } from "zod";
import { action, type World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { REFUSED } from "#features/audit/rules.ts";

/**
 * Closes everything that is shared, in the caller's transaction as the owner: the access relation, on which every grant
 * depends, is put aside, and while the row stands no new grant is made. Own care goes on.
 */
export async function closeSharing(client: pg.ClientBase, because: string): Promise<number> {
  await client.query("insert into sharing_closed (because) values ($1) on conflict do nothing", [because]);
  const { rowCount } = await client.query(
    "with held as (delete from access returning *) insert into access_held select * from held on conflict do nothing",
  );
  return rowCount ?? 0;
}

const recordOpening = action(
  "sharing.open",
  z.object({ because: z.string(), opened: z.number(), dropped: z.number() }),
  async (_inside, who, detail) =>
    who.kind === "system" ? { done: {}, audit: { because: "own-duty", detail } } : REFUSED,
);

export type SharingOpened = { wasClosed: boolean; opened: number; dropped: number };

/** What was put aside, by owner: how much of it still stands and how much has ended meanwhile. */
const HELD = `
  select o.id as owner, count(h.*) filter (where g.id is not null)::int as opened, count(h.*) filter (where h.study is not null and g.id is null)::int as dropped
  from organisation o left join access_held h on h.owner = o.id
    left join access_grant g on g.organisation = h.owner and g.id = h.grant_id
      and g.revoked_at is null and g.basis_ended_at is null and g.until_at > now() and (g.basis_until is null or g.basis_until > now())
  group by o.id order by o.id`;

const OPEN = `
  with held as (delete from access_held returning *)
  insert into access select h.* from held h join access_grant g on g.organisation = h.owner and g.id = h.grant_id
    where g.revoked_at is null and g.basis_ended_at is null and g.until_at > now() and (g.basis_until is null or g.basis_until > now())
  on conflict do nothing`;

/** A person decided: it goes on every organisation's record, then what was put aside and still stands is open again. */
export async function openSharing(world: World, session: string): Promise<SharingOpened> {
  const pool = world.database.owner;
  const closed = await pool.query<{ because: string }>("select because from sharing_closed");
  const because = closed.rows[0]?.because;
  if (because === undefined) return { wasClosed: false, opened: 0, dropped: 0 };
  const { rows } = await pool.query<{ owner: string; opened: number; dropped: number }>(HELD);
  for (const { owner, opened, dropped } of rows)
    await recordOpening(world, systemActor(owner, session), { because, opened, dropped });
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query("begin");
    await client.query(OPEN);
    await client.query("delete from sharing_closed");
    await client.query("update policy_epoch set epoch = epoch + 1"); // whatever was remembered of verdicts is void
    await client.query("commit");
    broken = false;
  } finally {
    client.release(broken);
  }
  const sum = (pick: (row: { opened: number; dropped: number }) => number) =>
    rows.reduce((all, row) => all + pick(row), 0);
  return { wasClosed: true, opened: sum(({ opened }) => opened), dropped: sum(({ dropped }) => dropped) };
}
