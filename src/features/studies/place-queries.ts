import { sql } from "kysely";
import type { Keyring } from "#features/keys/keyring.ts";
import { folded, type IndexEntry } from "#features/studies/index-rows.ts";
import type { Place } from "#features/studies/places.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Tx } from "#platform/postgres/db.ts";

type Where = { tx: Tx; organisation: string; keyring: Keyring };

/** Finds or makes the patient, study and series of an arrival. Another node may be first: each is inserted if absent and read again. */
export async function findPlace({ tx, organisation, keyring }: Where, entry: IndexEntry): Promise<Place> {
  const patient = await findOrInsert(
    () => patientOf(tx, organisation, entry),
    () => insertPatient(tx, organisation, entry),
  );
  const study = await findOrInsert(
    () => studyOf(tx, organisation, entry),
    () => insertStudy({ tx, organisation, keyring }, entry, patient.id),
  );
  const series = await findOrInsert(
    () => seriesOf(tx, organisation, study.id, entry),
    () => insertSeries(tx, organisation, study.id, entry),
  );
  return {
    patient: study.patient,
    study: study.id,
    series: series.id,
    key: await keyring.groupKey(tx, organisation, study.key_group),
  };
}

/** How many of these SOP Instance UIDs the organisation holds already. */
export async function knownInstances(tx: Tx, organisation: string, uids: readonly string[]): Promise<number> {
  const { rows } = await sql<{ known: number }>`
    select count(*)::int as known from instance where organisation = ${organisation} and sop_instance_uid = any(${[...uids]}::text[])`.execute(
    tx,
  );
  return rows[0]?.known ?? 0;
}

async function findOrInsert<Row>(find: () => Promise<Row | undefined>, insert: () => Promise<void>): Promise<Row> {
  const found = await find();
  if (found !== undefined) return found;
  await insert();
  const made = await find();
  if (made === undefined) throw new Error("a row that was just inserted is not there");
  return made;
}

/**
 * What makes two studies one patient's: the Patient ID and who issued it. Without an ID nothing does, so that each such study has a
 * patient of its own: strangers must not become each other's priors.
 */
function identityOf({ patient, study }: IndexEntry): { issuer: string; patientId: string } {
  return patient.patientId === "" ? { issuer: study.studyUid, patientId: "" } : patient;
}

async function patientOf(tx: Tx, organisation: string, entry: IndexEntry): Promise<{ id: string } | undefined> {
  const { issuer, patientId } = identityOf(entry);
  const { rows } = await sql<{
    id: string;
  }>`select id from patient where organisation = ${organisation} and issuer = ${issuer} and patient_id = ${patientId}`.execute(
    tx,
  );
  return rows[0];
}

async function insertPatient(tx: Tx, organisation: string, entry: IndexEntry): Promise<void> {
  const { issuer, patientId } = identityOf(entry);
  const { name, birthDate, sex } = entry.patient;
  await sql`insert into patient (organisation, id, issuer, patient_id, name, birth_date, sex)
    values (${organisation}, ${uuidv7()}, ${issuer}, ${patientId}, ${name}, ${birthDate}, ${sex}) on conflict do nothing`.execute(
    tx,
  );
}

async function studyOf(
  tx: Tx,
  organisation: string,
  { study }: IndexEntry,
): Promise<{ id: string; key_group: string; patient: string } | undefined> {
  const { rows } = await sql<{
    id: string;
    key_group: string;
    patient: string;
  }>`select id, key_group, patient from study where organisation = ${organisation} and study_uid = ${study.studyUid}`.execute(
    tx,
  );
  return rows[0];
}

async function insertStudy(
  { tx, organisation, keyring }: Where,
  { study, patient }: IndexEntry,
  patientId: string,
): Promise<void> {
  const group = await keyring.newGroup(tx, organisation);
  const id = uuidv7();
  const { rows } =
    await sql`insert into study (organisation, id, study_uid, patient, key_group, patient_id, issuer, patient_name, birth_date, sex, study_date, study_time, accession, study_id, description, referring_physician)
    values (${organisation}, ${id}, ${study.studyUid}, ${patientId}, ${group.id}, ${patient.patientId}, ${patient.issuer}, ${patient.name}, ${patient.birthDate}, ${patient.sex},
      ${study.date}, ${study.time}, ${study.accession}, ${study.studyId}, ${study.description}, ${study.referringPhysician})
    on conflict do nothing returning id`.execute(tx);
  if (rows.length === 0) return; // another node was first
  const words = folded(`${patient.name} ${study.description}`).split(" ");
  await sql`insert into study_search (organisation, study, name_folded, words) values (${organisation}, ${id}, ${folded(patient.name)}, ${words})`.execute(
    tx,
  );
}

async function seriesOf(
  tx: Tx,
  organisation: string,
  study: string,
  { series }: IndexEntry,
): Promise<{ id: string } | undefined> {
  const { rows } = await sql<{
    id: string;
  }>`select id from series where organisation = ${organisation} and study = ${study} and series_uid = ${series.seriesUid}`.execute(
    tx,
  );
  return rows[0];
}

async function insertSeries(tx: Tx, organisation: string, study: string, { series }: IndexEntry): Promise<void> {
  await sql`insert into series (organisation, id, study, series_uid, modality, number, description, body_part, laterality, series_date, series_time, pps_start_date, pps_start_time, sps_id, requested_procedure_id)
    values (${organisation}, ${uuidv7()}, ${study}, ${series.seriesUid}, ${series.modality}, ${series.number}, ${series.description}, ${series.bodyPart}, ${series.laterality},
      ${series.date}, ${series.time}, ${series.ppsStartDate}, ${series.ppsStartTime}, ${series.spsId}, ${series.requestedProcedureId}) on conflict do nothing`.execute(
    tx,
  );
}
