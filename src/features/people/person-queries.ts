import { sql } from "kysely";
import type { Role } from "#contract/words.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";

/** The person behind credentials; null for a dismissed or unknown one. Asked before any scope is known. */
export async function personByAuth(tx: Tx, user: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`select id from resolve_person(${user})`.execute(tx);
  return rows[0]?.id ?? null;
}

export async function personByAddress(tx: Tx, email: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`select id from resolve_email(${email})`.execute(tx);
  return rows[0]?.id ?? null;
}

export type PersonRecord = {
  id: string;
  auth_user: string | null;
  email: string;
  display_name: string;
};

/** A person as this scope may know them: oneself, or a member of one's organisation. */
export async function personById(tx: Tx, id: string): Promise<PersonRecord | null> {
  const { rows } = await sql<PersonRecord>`
    select id, auth_user, email, display_name from person where id = ${id} and dismissed_at is null`.execute(tx);
  return rows[0] ?? null;
}

export type MembershipRecord = { organisation: string; role: Role; until: Date | null; idleMinutes: number };

/** When a person's second factor was last reset; renewed when they set up a new one. */
export async function factorsResetAt(tx: Tx, id: string): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`select factors_reset_at as at from person where id = ${id}`.execute(
    tx,
  );
  return rows[0]?.at ?? null;
}

/** Where the person of the scope works, as what and until when; also what has ended is there. */
export async function membershipsOf(tx: Tx, person: string): Promise<MembershipRecord[]> {
  const { rows } = await sql<{ organisation: string; role: Role; until_at: Date | null; idle_minutes: number }>`
    select m.organisation, m.role, m.until_at, o.idle_minutes from membership m join organisation o on o.id = m.organisation
    where m.person = ${person} order by o.name, m.role`.execute(tx);
  return rows.map((row) => ({
    organisation: row.organisation,
    role: row.role,
    until: row.until_at,
    idleMinutes: row.idle_minutes,
  }));
}

/** Every organisation somebody works for now. */
export async function workplacesOf(
  { database }: { database: Pick<Database, "read"> },
  person: string,
): Promise<string[]> {
  return database.read({ organisation: null, person }, async (tx) => {
    const standing = (await membershipsOf(tx, person)).filter(({ until }) => until === null || tx.now < until);
    return [...new Set(standing.map(({ organisation }) => organisation))];
  });
}

export async function personSeen(tx: Tx, person: string): Promise<void> {
  await sql`update person set last_seen_at = now() where id = ${person}
    and (last_seen_at is null or last_seen_at < now() - interval '5 minutes')`.execute(tx);
}

/** A person's row; the one of that address that is there already stays as it is. */
export async function insertPerson(tx: Tx, person: { id: string; email: string; displayName: string }): Promise<void> {
  await sql`insert into person (id, email, display_name) values (${person.id}, ${person.email.toLowerCase()}, ${person.displayName})
    on conflict do nothing`.execute(tx);
}

/** What somebody is called from now on. */
export async function renamePerson(tx: Tx, person: string, name: string): Promise<void> {
  await sql`update person set display_name = ${name} where id = ${person}`.execute(tx);
}

/** Whether somebody never had credentials: nobody but inviters has named them. */
export async function isNewcomer(tx: Tx, person: string): Promise<boolean> {
  const { rows } = await sql`select from person
    where id = ${person} and auth_user is null and factors_reset_at is null`.execute(tx);
  return rows.length > 0;
}

/** Who had their factors reset rests from here on: an invitation may lie unused for days. */
export async function bindCredentials(tx: Tx, person: string, user: string): Promise<void> {
  await sql`update person set auth_user = ${user},
    factors_reset_at = case when factors_reset_at is not null and auth_user is distinct from ${user} then now() else factors_reset_at end where id = ${person}`.execute(
    tx,
  );
}

/** The person stays, without a way in until they take up a new invitation. */
export async function forgetCredentials(tx: Tx, person: string): Promise<void> {
  await sql`update person set auth_user = null, factors_reset_at = now() where id = ${person}`.execute(tx);
}

/** A role from now on; one that had ended begins again. */
export async function giveRole(tx: Tx, organisation: string, person: string, role: Role): Promise<void> {
  await sql`insert into membership (organisation, person, role) values (${organisation}, ${person}, ${role})
    on conflict (organisation, person, role) do update set until_at = null,
      from_at = case when membership.until_at is null then membership.from_at else now() end`.execute(tx);
}

/** Ends every role but these. */
export async function endOtherRoles(
  tx: Tx,
  organisation: string,
  person: string,
  keep: readonly Role[],
): Promise<number> {
  const { rows } = await sql`update membership set until_at = now()
    where organisation = ${organisation} and person = ${person} and (until_at is null or until_at > now())
      and role <> all(${[...keep]}::text[]) returning role`.execute(tx);
  return rows.length;
}

export async function rolesOf(tx: Tx, organisation: string, person: string): Promise<Role[]> {
  const { rows } = await sql<{ role: Role }>`select role from membership
    where organisation = ${organisation} and person = ${person} and (until_at is null or until_at > now()) order by role`.execute(
    tx,
  );
  return rows.map(({ role }) => role);
}

/** Whether a member of the scope's organisation works for another one too. */
export async function worksElsewhere(tx: Tx, person: string): Promise<boolean> {
  const { rows } = await sql<{ elsewhere: boolean }>`select works_elsewhere(${person}) as elsewhere`.execute(tx);
  return rows[0]?.elsewhere === true;
}

/** How many others could still administer the organisation. The rows stay locked until the change is through. */
export async function otherAdministrators(tx: Tx, organisation: string, person: string): Promise<number> {
  const { rows } = await sql`select m.person from membership m
    where m.organisation = ${organisation} and m.role = 'administrator' and m.person <> ${person}
      and (m.until_at is null or m.until_at > now()) for update`.execute(tx);
  return rows.length;
}

export type ListedPerson = {
  id: string;
  email: string;
  display_name: string;
  roles: Role[];
  signs_in: boolean;
  last_seen_at: Date | null;
};

export async function peopleOf(tx: Tx, organisation: string): Promise<ListedPerson[]> {
  const { rows } = await sql<ListedPerson>`
    select p.id, p.email, p.display_name, p.auth_user is not null as signs_in, p.last_seen_at,
      coalesce(array_agg(m.role order by m.role) filter (where m.until_at is null or m.until_at > now()), '{}') as roles
    from membership m join person p on p.id = m.person
    where m.organisation = ${organisation} group by p.id order by p.display_name`.execute(tx);
  return rows;
}
