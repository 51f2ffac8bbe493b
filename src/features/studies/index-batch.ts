import { sql } from "kysely";
import type { World } from "#features/audit/action.ts";
import { type Actor, scopeOf } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import type { SecretKey } from "#features/keys/keyring.ts";
import { folded, type IndexEntry, type PatientAttributes } from "#features/studies/index-rows.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { notify } from "#platform/events.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { wrapKey } from "#trust/keys/wrap.ts";

/** What became of one entry: indexed under this study, or its SOP Instance UID was there before. */
export type Indexed = { is: "stored"; study: string } | { is: "known" };

type StudyKnown = { id: string; key: SecretKey };

/**
 * One transaction writes index, metadata and record of a batch: patients, studies, series and instances as sets, one ledger
 * entry per study. Statement texts are constant, so that they are planned once per connection.
 */
export async function indexBatch(world: World, who: Actor, entries: readonly IndexEntry[]): Promise<Indexed[]> {
  const organisation = who.organisation;
  return world.database.transaction(scopeOf(who), async (tx) => {
    const fresh = await dropKnown(tx, organisation, entries);
    const patients = await patientIds(tx, organisation, fresh);
    const studies = await studyIds({ world, tx, organisation }, fresh, patients);
    const series = await seriesIds(tx, organisation, fresh, studies);
    const stored = await insertInstances(tx, organisation, fresh, { studies, series });
    const kept = fresh.filter((entry) => stored.has(entry.instance.id));
    await count(tx, organisation, kept, { studies, series });
    await recordArrivals(world, tx, who, kept, studies, patients);
    return entries.map((entry): Indexed => {
      const study = studies.get(entry.study.studyUid);
      return stored.has(entry.instance.id) && study ? { is: "stored", study: study.id } : { is: "known" };
    });
  });
}

async function dropKnown(tx: Tx, organisation: string, entries: readonly IndexEntry[]): Promise<IndexEntry[]> {
  const uids = entries.map((entry) => entry.instance.sopInstanceUid);
  const { rows } = await sql<{ sop_instance_uid: string }>`
    select sop_instance_uid from instance where organisation = ${organisation} and sop_instance_uid = any(${uids})`.execute(
    tx,
  );
  const seen = new Set(rows.map((row) => row.sop_instance_uid));
  return entries.filter(({ instance }) => !seen.has(instance.sopInstanceUid) && seen.add(instance.sopInstanceUid));
}

const patientName = (patient: PatientAttributes): string => JSON.stringify([patient.issuer, patient.patientId]);

async function patientIds(tx: Tx, organisation: string, entries: readonly IndexEntry[]): Promise<Map<string, string>> {
  const distinct = new Map(entries.map(({ patient }) => [patientName(patient), patient]));
  const ids = new Map<string, string>();
  for (const [name, patient] of [...distinct].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const find = () =>
      sql<{
        id: string;
      }>`select id from patient where organisation = ${organisation} and issuer = ${patient.issuer} and patient_id = ${patient.patientId}`.execute(
        tx,
      );
    let row = (await find()).rows[0];
    if (!row) {
      await sql`insert into patient (organisation, id, issuer, patient_id, name, birth_date, sex)
        values (${organisation}, ${uuidv7()}, ${patient.issuer}, ${patient.patientId}, ${patient.name}, ${patient.birthDate}, ${patient.sex}) on conflict do nothing`.execute(
        tx,
      );
      row = (await find()).rows[0];
    }
    if (row) ids.set(name, row.id);
  }
  return ids;
}

type Place = { world: World; tx: Tx; organisation: string };

async function studyIds(
  place: Place,
  entries: readonly IndexEntry[],
  patients: Map<string, string>,
): Promise<Map<string, StudyKnown>> {
  const { world, tx, organisation } = place;
  const distinct = new Map(entries.map((entry) => [entry.study.studyUid, entry]));
  const ids = new Map<string, StudyKnown>();
  for (const [uid, entry] of [...distinct].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const find = () =>
      sql<{
        id: string;
        key_group: string;
      }>`select id, key_group from study where organisation = ${organisation} and study_uid = ${uid}`.execute(tx);
    let row = (await find()).rows[0];
    if (!row) {
      await insertStudy(place, entry, patients.get(patientName(entry.patient)) ?? "");
      row = (await find()).rows[0];
    }
    if (row) ids.set(uid, { id: row.id, key: await world.keyring.groupKey(tx, organisation, row.key_group) });
  }
  return ids;
}

async function insertStudy(
  { world, tx, organisation }: Place,
  { study, patient }: IndexEntry,
  patientId: string,
): Promise<void> {
  const group = await world.keyring.newGroup(tx, organisation);
  const id = uuidv7();
  const { rows } = await sql<{
    id: string;
  }>`insert into study (organisation, id, study_uid, patient, key_group, patient_id, issuer, patient_name, birth_date, sex, study_date, study_time, accession, study_id, description, referring_physician)
    values (${organisation}, ${id}, ${study.studyUid}, ${patientId}, ${group.id}, ${patient.patientId}, ${patient.issuer}, ${patient.name}, ${patient.birthDate}, ${patient.sex},
      ${study.date}, ${study.time}, ${study.accession}, ${study.studyId}, ${study.description}, ${study.referringPhysician})
    on conflict do nothing returning id`.execute(tx);
  if (rows.length === 0) return; // another node was first
  const name = folded(patient.name);
  await sql`insert into study_search (organisation, study, name_folded, words) values (${organisation}, ${id}, ${name}, ${folded(`${patient.name} ${study.description}`).split(" ")})`.execute(
    tx,
  );
}

async function seriesIds(
  tx: Tx,
  organisation: string,
  entries: readonly IndexEntry[],
  studies: Map<string, StudyKnown>,
): Promise<Map<string, string>> {
  const distinct = new Map(entries.map((entry) => [`${entry.study.studyUid} ${entry.series.seriesUid}`, entry]));
  const ids = new Map<string, string>();
  for (const [name, { series, study }] of [...distinct].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const studyId = studies.get(study.studyUid)?.id;
    const find = () =>
      sql<{
        id: string;
      }>`select id from series where organisation = ${organisation} and study = ${studyId} and series_uid = ${series.seriesUid}`.execute(
        tx,
      );
    let row = (await find()).rows[0];
    if (!row) {
      await sql`insert into series (organisation, id, study, series_uid, modality, number, description, body_part, laterality, series_date, series_time, pps_start_date, pps_start_time, sps_id, requested_procedure_id)
        values (${organisation}, ${uuidv7()}, ${studyId}, ${series.seriesUid}, ${series.modality}, ${series.number}, ${series.description}, ${series.bodyPart}, ${series.laterality},
          ${series.date}, ${series.time}, ${series.ppsStartDate}, ${series.ppsStartTime}, ${series.spsId}, ${series.requestedProcedureId}) on conflict do nothing`.execute(
        tx,
      );
      row = (await find()).rows[0];
    }
    if (row) ids.set(name, row.id);
  }
  return ids;
}

type Parents = { studies: Map<string, StudyKnown>; series: Map<string, string> };

async function insertInstances(
  tx: Tx,
  organisation: string,
  entries: readonly IndexEntry[],
  parents: Parents,
): Promise<Set<string>> {
  const stored = new Set<string>();
  for (const { instance, series, study } of entries) {
    const parent = parents.studies.get(study.studyUid);
    if (!parent) continue;
    const { rows } = await sql<{
      id: string;
    }>`insert into instance (organisation, id, study, series, sop_instance_uid, sop_class_uid, transfer_syntax, number, rows, columns, bits_allocated, frames, photometric,
        blob, bytes, data_set_offset, wrapped_key, header, frame_index, source)
      values (${organisation}, ${instance.id}, ${parent.id}, ${parents.series.get(`${study.studyUid} ${series.seriesUid}`)}, ${instance.sopInstanceUid}, ${instance.sopClassUid}, ${instance.transferSyntax},
        ${instance.number}, ${instance.rows}, ${instance.columns}, ${instance.bitsAllocated}, ${instance.frames}, ${instance.photometric},
        ${instance.blob}, ${instance.bytes}, ${instance.dataSetOffset}, ${wrapKey(parent.key, instance.objectKey)}, ${instance.header}, ${instance.frameIndex}, ${instance.source})
      on conflict do nothing returning id`.execute(tx);
    if (rows.length > 0) stored.add(instance.id);
  }
  return stored;
}

async function count(tx: Tx, organisation: string, entries: readonly IndexEntry[], parents: Parents): Promise<void> {
  for (const [uid, group] of [...Map.groupBy(entries, (entry) => entry.study.studyUid)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    const studyId = parents.studies.get(uid)?.id;
    for (const [seriesUid, members] of Map.groupBy(group, (entry) => entry.series.seriesUid)) {
      await sql`update series set instance_count = instance_count + ${members.length} where organisation = ${organisation} and id = ${parents.series.get(`${uid} ${seriesUid}`)}`.execute(
        tx,
      );
    }
    const modalities = [...new Set(group.map((entry) => entry.series.modality))].filter((modality) => modality !== "");
    const bytes = group.reduce((sum, entry) => sum + entry.instance.bytes, 0);
    await sql`update study set instance_count = instance_count + ${group.length}, bytes = bytes + ${bytes}, updated_at = now(),
        modalities = array(select distinct unnest(modalities || ${modalities}::text[]) order by 1),
        series_count = (select count(*) from series where series.organisation = ${organisation} and series.study = ${studyId})
      where organisation = ${organisation} and id = ${studyId}`.execute(tx);
    await notify(tx, organisation, { kind: "study", owner: organisation, id: studyId ?? "" });
  }
}

async function recordArrivals(
  world: World,
  tx: Tx,
  who: Actor,
  entries: readonly IndexEntry[],
  studies: Map<string, StudyKnown>,
  patients: Map<string, string>,
): Promise<void> {
  for (const [uid, group] of Map.groupBy(entries, (entry) => entry.study.studyUid)) {
    const first = group[0];
    await recordEntry({ tx, now: tx.now, keyring: world.keyring }, who, {
      organisation: who.organisation,
      action: "instance.receive",
      outcome: "done",
      because: "store",
      study: studies.get(uid)?.id,
      patient: first && patients.get(patientName(first.patient)),
      detail: {
        instances: group.map((entry) => entry.instance.id),
        bytes: group.reduce((sum, entry) => sum + entry.instance.bytes, 0),
        source: first?.instance.source.split(":")[0] ?? "",
      },
    });
  }
}
