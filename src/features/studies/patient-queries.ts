import { sql } from "kysely";
import type { PatientAttributes } from "#features/studies/index-rows.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { likeness, samePerson } from "#standards/dicom/same-person.ts";

/** The patient of a study that is new here. `made`: there was none before; `apartFrom`: others under the same ID who contradict it. */
export type PatientFound = { id: string; made: boolean; apartFrom: readonly string[] };

type Known = { id: string; namesake: number; identities: PatientAttributes[] };

/** Whoever loses this many races for a number in a row has met something else. */
const RACES = 8;

/**
 * The patient under this issuer and ID who is the same person, or a new one beside those who are not. What decides is what all of a
 * patient's studies say. Rows that are looked at stay locked until the transaction ends: of two arrivals that contradict each other
 * the second sees the first.
 */
export async function findPatient(tx: Tx, organisation: string, asked: PatientAttributes): Promise<PatientFound> {
  for (let race = 0; race < RACES; race++) {
    const known = await lockPatients(tx, organisation, asked);
    const found = likeliest(known, asked);
    if (found) return { id: found.id, made: false, apartFrom: [] };
    const id = uuidv7();
    const namesake = 1 + Math.max(-1, ...known.map((one) => one.namesake));
    if (await insertPatient(tx, organisation, { id, namesake, ...asked }))
      return { id, made: true, apartFrom: known.map((one) => one.id) };
  }
  throw new Fault("internal", "a patient's row was taken again and again");
}

/** Whether a patient's studies, as far as they say, are of another person. The patient stays locked as `findPatient` locks. */
export async function patientContradicts(
  tx: Tx,
  organisation: string,
  id: string,
  asked: PatientAttributes,
): Promise<boolean> {
  await sql`select id from patient where organisation = ${organisation} and id = ${id} for no key update`.execute(tx);
  const identities = (await identitiesOf(tx, organisation, [id])).get(id) ?? [];
  return identities.some((one) => samePerson(one, asked) === "contradicts");
}

/** Takes back a patient that this transaction made for a study which turned out to be filed already. */
export async function dropPatient(tx: Tx, organisation: string, id: string): Promise<void> {
  await sql`delete from patient where organisation = ${organisation} and id = ${id}`.execute(tx);
}

/** How many other people the organisation has under this patient's ID. */
export async function namesakes(tx: Tx, organisation: string, study: string): Promise<number> {
  const { rows } = await sql<{ others: number }>`
    select count(*)::int as others from study s
      join patient p on p.organisation = s.organisation and p.id = s.patient
      join patient other on other.organisation = p.organisation and other.issuer = p.issuer and other.patient_id = p.patient_id and other.id <> p.id
    where s.organisation = ${organisation} and s.id = ${study}`.execute(tx);
  return rows[0]?.others ?? 0;
}

/** More than an equal sex, which half of all people have. */
const ENOUGH = 2;

/** Nobody who contradicts; of several the one for whom most speaks. Where little speaks for any of several, nobody. */
function likeliest(known: readonly Known[], asked: PatientAttributes): Known | undefined {
  const possible = known.filter(({ identities }) =>
    identities.every((one) => samePerson(one, asked) !== "contradicts"),
  );
  if (known.length === 1) return possible[0];
  const ranked = possible
    .map((one) => ({ one, speaks: Math.max(...one.identities.map((identity) => likeness(identity, asked))) }))
    .sort((a, b) => b.speaks - a.speaks);
  const [first, second] = ranked;
  return first && first.speaks >= ENOUGH && first.speaks > (second?.speaks ?? 0) ? first.one : undefined;
}

async function lockPatients(tx: Tx, organisation: string, { issuer, patientId }: PatientAttributes): Promise<Known[]> {
  const { rows } = await sql<{ id: string; namesake: number }>`
    select id, namesake from patient where organisation = ${organisation} and issuer = ${issuer} and patient_id = ${patientId}
    order by namesake for no key update`.execute(tx);
  const identities = await identitiesOf(
    tx,
    organisation,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, identities: identities.get(row.id) ?? [] }));
}

type IdentityRow = { patient: string; name: string; birth_date: string; sex: string };

/** Asked after the lock, so that it sees what was committed meanwhile. All of it is under one ID, which so says nothing. */
async function identitiesOf(
  tx: Tx,
  organisation: string,
  patients: readonly string[],
): Promise<Map<string, PatientAttributes[]>> {
  if (patients.length === 0) return new Map();
  const { rows } = await sql<IdentityRow>`
    select id as patient, name, birth_date, sex from patient where organisation = ${organisation} and id = any(${patients}::uuid[])
    union select patient, patient_name, birth_date, sex from study where organisation = ${organisation} and patient = any(${patients}::uuid[])`.execute(
    tx,
  );
  const groups = Map.groupBy(rows, ({ patient }) => patient);
  return new Map(
    [...groups].map(([patient, ofPatient]) => [
      patient,
      ofPatient.map(({ name, birth_date: birthDate, sex }) => ({ issuer: "", patientId: "", name, birthDate, sex })),
    ]),
  );
}

type NewPatient = PatientAttributes & { id: string; namesake: number };

async function insertPatient(tx: Tx, organisation: string, row: NewPatient): Promise<boolean> {
  const { rows } = await sql`insert into patient (organisation, id, issuer, patient_id, namesake, name, birth_date, sex)
    values (${organisation}, ${row.id}, ${row.issuer}, ${row.patientId}, ${row.namesake}, ${row.name}, ${row.birthDate}, ${row.sex})
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}
