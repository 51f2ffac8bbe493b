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
