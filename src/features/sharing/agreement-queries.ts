import { sql } from "kysely";
import type { Purpose } from "#contract/words.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type AgreementRecord = {
  id: string;
  organisation: string;
  other: string;
  kind: string;
  reference: string;
  purposes: Purpose[];
  countries: string[];
  from_at: Date;
  until_at: Date;
  ended_at: Date | null;
  grants: number;
};

/** The agreements an organisation gave or received, with how many grants rest on each now. */
export async function agreementsBetween(tx: Tx, organisation: string): Promise<AgreementRecord[]> {
  const { rows } = await sql<AgreementRecord>`
    select a.id, a.organisation, case when a.organisation = ${organisation} then a.partner else a.organisation end as other,
      a.kind, a.reference, a.purposes, a.countries, a.from_at, a.until_at, a.ended_at,
      (select count(*)::integer from access_grant g where g.organisation = a.organisation and g.basis = a.id
        and g.revoked_at is null and g.basis_ended_at is null and g.until_at > now()) as grants
    from agreement a where a.organisation = ${organisation} or a.partner = ${organisation}
    order by a.ended_at nulls first, a.until_at desc`.execute(tx);
  return rows;
}

export type NewAgreement = {
  organisation: string;
  id: string;
  partner: string;
  kind: string;
  reference: string;
  purposes: readonly Purpose[];
  countries: readonly string[];
  from: Date;
  until: Date;
  recordedBy: string | null;
};

export async function insertAgreement(tx: Tx, agreement: NewAgreement): Promise<void> {
  await sql`insert into agreement (organisation, id, partner, kind, reference, purposes, countries, from_at, until_at, recorded_by)
    values (${agreement.organisation}, ${agreement.id}, ${agreement.partner}, ${agreement.kind}, ${agreement.reference},
      ${[...agreement.purposes]}::text[], ${[...agreement.countries]}::text[], ${agreement.from}, ${agreement.until},
      ${agreement.recordedBy})`.execute(tx);
}

/** Ends an agreement that this organisation gave; its partner's ID, or null when there is none that stands. */
export async function endAgreementRow(tx: Tx, organisation: string, id: string): Promise<string | null> {
  const { rows } = await sql<{ partner: string }>`update agreement set ended_at = now()
    where organisation = ${organisation} and id = ${id} and ended_at is null returning partner`.execute(tx);
  return rows[0]?.partner ?? null;
}
