import { type RawBuilder, sql } from "kysely";
import type { Tx } from "#platform/postgres/db.ts";

/** One function per question about studies; columns spelled out, the owner a parameter, row-level security behind it. */

export type StudyRecord = {
  organisation: string;
  id: string;
  study_uid: string;
  patient: string;
  key_group: string;
  patient_id: string;
  issuer: string;
  patient_name: string;
  birth_date: string;
  sex: string;
  study_date: string;
  study_time: string;
  accession: string;
  study_id: string;
  description: string;
  referring_physician: string;
  modalities: string[];
  series_count: number;
  instance_count: number;
  bytes: number;
  created_at: Date;
  updated_at: Date;
};

const STUDY_COLUMNS = sql.raw(
  `study.organisation, study.id, study.study_uid, study.patient, study.key_group, study.patient_id, study.issuer, study.patient_name, study.birth_date, study.sex,
   study.study_date, study.study_time, study.accession, study.study_id, study.description, study.referring_physician, study.modalities,
   study.series_count, study.instance_count, study.bytes, study.created_at, study.updated_at`,
);

export async function studyById(tx: Tx, owner: string, id: string): Promise<StudyRecord | null> {
  const { rows } =
    await sql<StudyRecord>`select ${STUDY_COLUMNS} from study where organisation = ${owner} and id = ${id}`.execute(tx);
  return rows[0] ?? null;
}

export type SeriesRecord = {
  id: string;
  series_uid: string;
  modality: string;
  number: number | null;
  description: string;
  body_part: string;
  laterality: string;
  series_date: string;
  series_time: string;
  pps_start_date: string;
  pps_start_time: string;
  sps_id: string;
  requested_procedure_id: string;
  instance_count: number;
  frames: number;
};

export async function seriesOfStudy(tx: Tx, owner: string, study: string): Promise<SeriesRecord[]> {
  const { rows } = await sql<SeriesRecord>`
    select s.id, s.series_uid, s.modality, s.number, s.description, s.body_part, s.laterality, s.series_date, s.series_time, s.pps_start_date, s.pps_start_time, s.sps_id,
      s.requested_procedure_id, s.instance_count, coalesce((select sum(i.frames) from instance i where i.organisation = s.organisation and i.series = s.id), 0)::int as frames
    from series s where s.organisation = ${owner} and s.study = ${study} order by s.number nulls last, s.series_uid`.execute(
    tx,
  );
  return rows;
}

export type InstanceRecord = {
  organisation: string;
  study: string;
  id: string;
  series_uid: string;
  modality: string;
  sop_instance_uid: string;
  sop_class_uid: string;
  transfer_syntax: string;
  number: number | null;
  rows: number | null;
  columns: number | null;
  bits_allocated: number | null;
  frames: number | null;
  photometric: string | null;
  blob: string;
  bytes: number;
  data_set_offset: number;
  wrapped_key: Buffer;
};
export type SealedParts = { header: Buffer; frame_index: Buffer };

const INSTANCE_COLUMNS = sql.raw(
  `i.organisation, i.study, i.id, s.series_uid, s.modality, i.sop_instance_uid, i.sop_class_uid, i.transfer_syntax, i.number, i.rows, i.columns, i.bits_allocated, i.frames, i.photometric, i.blob, i.bytes, i.data_set_offset, i.wrapped_key`,
);

export type Within = { series?: string | undefined; instance?: string | undefined };

function within({ series, instance }: Within): RawBuilder<unknown> {
  const bySeries = series === undefined ? sql`` : sql` and s.series_uid = ${series}`;
  return instance === undefined ? bySeries : sql`${bySeries} and i.sop_instance_uid = ${instance}`;
}

/** The instances of a study, series or one, in reading order, without their sealed parts. */
export async function instancesOf(tx: Tx, owner: string, study: string, which: Within): Promise<InstanceRecord[]> {
  const { rows } = await sql<InstanceRecord>`
    select ${INSTANCE_COLUMNS} from instance i join series s on s.organisation = i.organisation and s.id = i.series
    where i.organisation = ${owner} and i.study = ${study}${within(which)} order by s.number nulls last, s.series_uid, i.number nulls last, i.sop_instance_uid`.execute(
    tx,
  );
  return rows;
}

/** As `instancesOf`, with header and frame index: `limit` rows after the given instance id, so that a large study is walked in pages. */
export async function sealedInstancesOf(
  tx: Tx,
  owner: string,
  study: string,
  which: Within,
  page: { after: string | null; limit: number },
): Promise<(InstanceRecord & SealedParts)[]> {
  const after = page.after === null ? sql`` : sql` and i.id > ${page.after}`;
  const { rows } = await sql<InstanceRecord & SealedParts>`
    select ${INSTANCE_COLUMNS}, i.header, i.frame_index from instance i join series s on s.organisation = i.organisation and s.id = i.series
    where i.organisation = ${owner} and i.study = ${study}${within(which)}${after} order by i.id limit ${page.limit}`.execute(
    tx,
  );
  return rows;
}

/** By its SOP Instance UID within the owner: for duplicates. */
export async function instanceByUid(
  tx: Tx,
  owner: string,
  sopInstanceUid: string,
): Promise<(InstanceRecord & SealedParts & { study: string; study_uid: string; key_group: string }) | null> {
  const { rows } = await sql<InstanceRecord & SealedParts & { study: string; study_uid: string; key_group: string }>`
    select ${INSTANCE_COLUMNS}, i.header, i.frame_index, i.study, st.study_uid, st.key_group
    from instance i join series s on s.organisation = i.organisation and s.id = i.series join study st on st.organisation = i.organisation and st.id = i.study
    where i.organisation = ${owner} and i.sop_instance_uid = ${sopInstanceUid}`.execute(tx);
  return rows[0] ?? null;
}

export async function quarantine(
  tx: Tx,
  row: {
    organisation: string;
    id: string;
    sopInstanceUid: string;
    blob: string;
    wrappedKey: Buffer;
    keyGroup: string;
    reason: string;
    source: string;
  },
): Promise<void> {
  await sql`insert into quarantine (organisation, id, sop_instance_uid, blob, wrapped_key, key_group, reason, source)
    values (${row.organisation}, ${row.id}, ${row.sopInstanceUid}, ${row.blob}, ${row.wrappedKey}, ${row.keyGroup}, ${row.reason}, ${row.source})`.execute(
    tx,
  );
}
