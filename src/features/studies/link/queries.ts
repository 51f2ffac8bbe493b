import { sql } from "kysely";
import { type InstanceRecord, type SealedParts, sealedInstancesOf } from "#features/studies/queries.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type LinkedStudy = {
  id: string;
  studyUid: string;
  patientName: string;
  description: string;
  studyDate: string;
  modalities: string[];
  /** The study that was shared; the others are its priors. */
  main: boolean;
};

/** The studies that a grant opens, the shared one first, then its priors from the newest on. Nothing else belongs to a link. */
export async function studiesUnderGrant(tx: Tx, owner: string, grant: string): Promise<LinkedStudy[]> {
  const { rows } = await sql<LinkedStudy>`
    select s.id, s.study_uid as "studyUid", s.patient_name as "patientName", s.description, s.study_date as "studyDate", s.modalities, s.id = g.study as main
    from access x join access_grant g on g.organisation = x.owner and g.id = x.grant_id join study s on s.organisation = x.owner and s.id = x.study
    where x.owner = ${owner} and x.grant_id = ${grant} and now() < x.until_at order by s.id = g.study desc, s.study_date desc, s.id desc`.execute(
    tx,
  );
  return rows;
}

export type LinkedInstance = InstanceRecord & SealedParts & { study: string; studyUid: string; modalities: string[] };

/** An instance by its own ID, if its study is one that the grant opens. */
export async function instanceUnderGrant(
  tx: Tx,
  owner: string,
  grant: string,
  id: string,
): Promise<LinkedInstance | null> {
  const { rows } = await sql<{ study: string; studyUid: string; modalities: string[]; uid: string }>`
    select s.id as study, s.study_uid as "studyUid", s.modalities, i.sop_instance_uid as uid
    from instance i join study s on s.organisation = i.organisation and s.id = i.study
      join access x on x.owner = i.organisation and x.study = i.study and x.grant_id = ${grant} and now() < x.until_at
    where i.organisation = ${owner} and i.id = ${id}`.execute(tx);
  const [found] = rows;
  if (!found) return null;
  const { study, studyUid, modalities, uid } = found;
  const [row] = await sealedInstancesOf(tx, owner, study, { instance: uid }, { after: null, limit: 1 });
  return row ? { ...row, study, studyUid, modalities } : null;
}

/** Whether a report of the study was signed. */
export async function hasSignedReport(tx: Tx, owner: string, study: string): Promise<boolean> {
  const { rows } =
    await sql`select from report_version where organisation = ${owner} and study = ${study} and status in ('final', 'addendum') limit 1`.execute(
      tx,
    );
  return rows.length > 0;
}
