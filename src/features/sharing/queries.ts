import { sql } from "kysely";
import type { BasisKind, Purpose, Right } from "#contract/words.ts";
import type { GrantFacts, StudyFacts } from "#features/sharing/rules.ts";
import type { Tx } from "#platform/postgres/db.ts";

type GrantRow = {
  id: string;
  subject: string;
  workplace: string | null;
  rights: Right[];
  purpose: Purpose;
  basis_kind: BasisKind;
  basis_until: Date | null;
  basis_ended_at: Date | null;
  from_at: Date;
  until_at: Date;
  revoked_at: Date | null;
  with_report: boolean;
};

/** The study by its UID, as this scope may know of it: null says unknown or invisible, and nobody can tell which. */
export async function studyByUid(
  tx: Tx,
  owner: string,
  studyUid: string,
): Promise<{ id: string; keyGroup: string; patient: string } | null> {
  const { rows } = await sql<{ id: string; key_group: string; patient: string }>`
    select id, key_group, patient from study where organisation = ${owner} and study_uid = ${studyUid}`.execute(tx);
  const row = rows[0];
  return row ? { id: row.id, keyGroup: row.key_group, patient: row.patient } : null;
}

/** The facts mayView and its sisters judge by: the grants on this study whose subject is one of these. */
export async function studyFacts(
  tx: Tx,
  owner: string,
  study: string,
  subjects: readonly string[],
): Promise<StudyFacts> {
  const { rows } = await sql<GrantRow>`
    select g.id, x.subject, x.workplace, g.rights, g.purpose, g.basis_kind, g.basis_until, g.basis_ended_at, g.from_at, g.until_at, g.revoked_at, g.with_report
    from access x join access_grant g on g.organisation = x.owner and g.id = x.grant_id
    where x.owner = ${owner} and x.study = ${study} and x.subject = any(${[...subjects]}::uuid[])`.execute(tx);
  return { study, owner, grants: rows.map(grantOf) };
}

function grantOf(row: GrantRow): GrantFacts {
  return {
    id: row.id,
    subject: row.subject,
    workplace: row.workplace,
    rights: row.rights,
    purpose: row.purpose,
    basisKind: row.basis_kind,
    basisUntil: row.basis_until,
    basisEndedAt: row.basis_ended_at,
    from: row.from_at,
    until: row.until_at,
    revokedAt: row.revoked_at,
    withReport: row.with_report,
  };
}
