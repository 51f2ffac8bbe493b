import type pg from "pg";
import type { JournalEntry } from "./journal.ts";

type Replay = (client: pg.ClientBase, entry: JournalEntry & { subject: string }) => Promise<void>;

/** What takes access away, and how a restored database learns of it. Each may be replayed any number of times. */
const REPLAYS: Readonly<Record<string, Replay>> = {
  "grant.revoke": (client, entry) => endGrants(client, entry, "id", "revoked_at"),
  "grant.end": (client, entry) => endGrants(client, entry, "id", "basis_ended_at"),
  "agreement.end": async (client, entry) => {
    await client.query(
      "update agreement set ended_at = coalesce(ended_at, $3) where organisation = $1 and id = $2",
      of(entry),
    );
    await endGrants(client, entry, "basis", "basis_ended_at");
  },
  "consent.end": async (client, entry) => {
    await client.query(
      "update consent_event set ended_at = coalesce(ended_at, $3), ended_because = coalesce(ended_because, 'replayed after a restore') where organisation = $1 and id = $2",
      of(entry),
    );
    await endGrants(client, entry, "basis", "basis_ended_at");
  },
  "person.dismiss": endRoles,
  "person.roles": endRoles,
  "person.reset": async (client, entry) => {
    await client.query("update person set auth_user = null, factors_reset_at = $2 where id = $1", [
      entry.subject,
      entry.at,
    ]);
  },
  "device.revoke": async (client, entry) => {
    await client.query(
      "update device set revoked_at = coalesce(revoked_at, $3) where organisation = $1 and id = $2",
      of(entry),
    );
  },
  "token.revoke": async (client, entry) => {
    await client.query(
      "update machine_token set revoked_at = coalesce(revoked_at, $3) where organisation = $1 and id = $2",
      of(entry),
    );
  },
};

export const REVOKING_ACTIONS: readonly string[] = Object.keys(REPLAYS);

const of = (entry: JournalEntry & { subject: string }): [string, string, string] => [
  entry.organisation,
  entry.subject,
  entry.at,
];

async function endGrants(
  client: pg.ClientBase,
  entry: JournalEntry & { subject: string },
  by: "id" | "basis",
  how: "revoked_at" | "basis_ended_at",
): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    `update access_grant set ${how} = coalesce(${how}, $3) where organisation = $1 and ${by} = $2 returning id`,
    of(entry),
  );
  const ended = [entry.organisation, rows.map(({ id }) => id)];
  for (const table of ["access", "access_held"])
    await client.query(`delete from ${table} where owner = $1 and grant_id = any($2::uuid[])`, ended);
}

async function endRoles(client: pg.ClientBase, entry: JournalEntry & { subject: string }): Promise<void> {
  await client.query(
    `update membership set until_at = $3 where organisation = $1 and person = $2 and role <> all($4::text[]) and (until_at is null or until_at > $3)`,
    [...of(entry), entry.roles ?? []],
  );
}

/** Replays what happened after the backup: entries that stand in its record are in its rows already. Answers how many, by organisation. */
export async function replay(client: pg.ClientBase, entries: readonly JournalEntry[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const { subject } = entry;
    const run = REPLAYS[entry.action];
    if (run === undefined || subject === null) continue;
    const known = await client.query("select from ledger_entry where organisation = $1 and id = $2", [
      entry.organisation,
      entry.entry,
    ]);
    if (known.rowCount !== 0) continue;
    await run(client, { ...entry, subject });
    counts.set(entry.organisation, (counts.get(entry.organisation) ?? 0) + 1);
  }
  return counts;
}
