import { sql } from "kysely";
import type { Keyring } from "#features/keys/keyring.ts";
import { folded, type IndexEntry, type PatientAttributes } from "#features/studies/index-rows.ts";
import { dropPatient, findPatient, patientContradicts } from "#features/studies/patient-queries.ts";
import type { Place } from "#features/studies/places.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { samePerson } from "#standards/dicom/same-person.ts";

type Where = { tx: Tx; organisation: string; keyring: Keyring };

/** Where an arrival belongs, or that its patient is another than the one of the study it names. */
export type Found = { is: "place"; place: Place; apartFrom: readonly string[] } | OtherPatient;
export type OtherPatient = { is: "other-patient"; study: string; patient: string };

/**
 * Finds or makes the patient, study and series of an arrival. Another node may be first: each is inserted if absent and read again.
 * A study is one patient's: who contradicts that patient gets no place in it, and nothing is made for them.
 */
export async function findPlace(where: Where, entry: IndexEntry): Promise<Found> {
  const { tx, organisation, keyring } = where;
  const { study, apartFrom } = await findStudy(where, entry);
  if (await isOthers(where, study, entry)) return { is: "other-patient", study: study.id, patient: study.patient };
  const series = await findOrInsert(
    () => seriesOf(tx, organisation, study.id, entry),
    () => insertSeries(tx, organisation, study.id, entry),
  );
  const key = await keyring.groupKey(tx, organisation, study.key_group);
  return { is: "place", place: { patient: study.patient, study: study.id, series: series.id, key }, apartFrom };
}

type StudyFound = { study: StudyRow; apartFrom: readonly string[] };

async function findStudy(where: Where, entry: IndexEntry): Promise<StudyFound> {
  const { tx, organisation } = where;
  const known = await studyOf(tx, organisation, entry);
  if (known) return { study: known, apartFrom: [] };
  const patient = await findPatient(tx, organisation, identityOf(entry));
  await insertStudy(where, entry, patient.id);
  const study = await studyOf(tx, organisation, entry);
  if (study === undefined) throw new Fault("internal", "a row that was just inserted is not there");
  if (study.patient === patient.id) return { study, apartFrom: patient.apartFrom };
  if (patient.made) await dropPatient(tx, organisation, patient.id); // another node was first, with the study's patient
  return { study, apartFrom: [] };
}

/** Whether the patient of an arrival is another than the study's. What the study's first object left out, this one adds. */
async function isOthers(where: Where, found: StudyRow, entry: IndexEntry): Promise<boolean> {
  const { tx, organisation } = where;
  if (samePerson(identityIn(found), entry.patient) === "contradicts") return true;
  if (!adds(found, entry.patient)) return false;
  const study = (await studyOf(tx, organisation, entry, { lock: true })) ?? found;
  if (samePerson(identityIn(study), entry.patient) === "contradicts") return true;
  if (await patientContradicts(tx, organisation, study.patient, entry.patient)) return true;
  await completeStudy(tx, organisation, study.id, entry.patient);
  return false;
}

const adds = (study: StudyRow, { name, birthDate, sex }: PatientAttributes): boolean =>
  (study.patient_name === "" && name !== "") ||
  (study.birth_date === "" && birthDate !== "") ||
  (study.sex === "" && sex !== "");

const identityIn = (study: StudyRow): PatientAttributes => ({
  issuer: study.issuer,
  patientId: study.patient_id,
  name: study.patient_name,
  birthDate: study.birth_date,
  sex: study.sex,
});

/** Which of these SOP Instance UIDs the organisation holds already. */
export async function knownInstances(tx: Tx, organisation: string, uids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ sop_instance_uid: string }>`
    select sop_instance_uid from instance where organisation = ${organisation} and sop_instance_uid = any(${[...uids]}::text[])`.execute(
    tx,
  );
  return new Set(rows.map((row) => row.sop_instance_uid));
}

async function findOrInsert<Row>(find: () => Promise<Row | undefined>, insert: () => Promise<void>): Promise<Row> {
  const found = await find();
  if (found !== undefined) return found;
  await insert();
  const made = await find();
  if (made === undefined) throw new Fault("internal", "a row that was just inserted is not there");
  return made;
}

/**
 * Under what a patient is looked for: the Patient ID and who issued it. Without an ID nothing joins two studies, so that each such
 * study has a patient of its own: strangers must not become each other's priors.
 */
function identityOf({ patient, study }: IndexEntry): PatientAttributes {
  return patient.patientId === "" ? { ...patient, issuer: study.studyUid } : patient;
}

type StudyRow = {
  id: string;
  key_group: string;
  patient: string;
  patient_id: string;
  issuer: string;
  patient_name: string;
  birth_date: string;
  sex: string;
};

async function studyOf(
  tx: Tx,
  organisation: string,
  { study }: IndexEntry,
  { lock } = { lock: false },
): Promise<StudyRow | undefined> {
  const { rows } = await sql<StudyRow>`
    select id, key_group, patient, patient_id, issuer, patient_name, birth_date, sex from study
    where organisation = ${organisation} and study_uid = ${study.studyUid}${lock ? sql` for no key update` : sql``}`.execute(
    tx,
  );
  return rows[0];
}

async function completeStudy(
  tx: Tx,
  organisation: string,
  id: string,
  { name, birthDate, sex }: PatientAttributes,
): Promise<void> {
  await sql`update study set patient_name = case when patient_name = '' then ${name} else patient_name end,
      birth_date = case when birth_date = '' then ${birthDate} else birth_date end, sex = case when sex = '' then ${sex} else sex end
    where organisation = ${organisation} and id = ${id}`.execute(tx);
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
