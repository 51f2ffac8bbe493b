import { sql } from "kysely";
import type { Tx } from "#platform/postgres/db.ts";

export type OrganisationRecord = {
  id: string;
  name: string;
  kind: string;
  jurisdiction: string;
  colour: string;
  logo: string | null;
  languages: string[];
  idle_minutes: number;
  link_max_days: number;
};

/** Every organisation's ID, the first one first. Asked without a scope; names stay behind the wall. */
export async function organisationIds(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select id from organisation_ids() as id order by id`.execute(tx);
  return rows.map((row) => row.id);
}

/** The organisation that was here first. */
export async function houseOrganisation(tx: Tx): Promise<string | null> {
  return (await organisationIds(tx))[0] ?? null;
}

export async function organisationById(tx: Tx, id: string): Promise<OrganisationRecord | null> {
  const { rows } = await sql<OrganisationRecord>`
    select id, name, kind, jurisdiction, colour, logo, languages, idle_minutes, link_max_days
    from organisation where id = ${id}`.execute(tx);
  return rows[0] ?? null;
}

export type OrganisationChange = Omit<OrganisationRecord, "id" | "kind" | "jurisdiction">;

/** False when another organisation has that name. */
export async function updateOrganisation(tx: Tx, id: string, change: OrganisationChange): Promise<boolean> {
  const { rows } =
    await sql`update organisation set name = ${change.name}, colour = ${change.colour}, logo = ${change.logo},
      languages = ${[...change.languages]}::text[], idle_minutes = ${change.idle_minutes}, link_max_days = ${change.link_max_days}
    where id = ${id} and not exists (select from organisation_named(${change.name}) as other where other <> ${id}) returning id`.execute(
      tx,
    );
  return rows.length > 0;
}

export function cardOf(row: OrganisationRecord) {
  const { id, name, kind, colour, logo, languages, jurisdiction } = row;
  return { id, name, kind, colour, logo, languages, jurisdiction };
}
