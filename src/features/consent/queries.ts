import { sql } from "kysely";
import type { Purpose } from "#contract/words.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type FormVersion = {
  id: string;
  form: string;
  version: number;
  language: string;
  jurisdiction: string;
  purposes: Purpose[];
  title: string;
  body: string;
  sha256: Buffer;
  effectiveAt: Date;
  retiredAt: Date | null;
};

const FORM_COLUMNS = sql.raw(
  `id, form, version, language, jurisdiction, purposes, title, body, body_sha256 as sha256, effective_at as "effectiveAt", retired_at as "retiredAt"`,
);

/** Every version of every form, those in use first. */
export async function formsOf(tx: Tx, organisation: string): Promise<FormVersion[]> {
  const { rows } =
    await sql<FormVersion>`select ${FORM_COLUMNS} from consent_form_version where organisation = ${organisation}
    order by retired_at desc nulls first, form, language, version desc`.execute(tx);
  return rows;
}

export async function formById(tx: Tx, organisation: string, id: string): Promise<FormVersion | null> {
  const { rows } =
    await sql<FormVersion>`select ${FORM_COLUMNS} from consent_form_version where organisation = ${organisation} and id = ${id}`.execute(
      tx,
    );
  return rows[0] ?? null;
}

export async function latestVersion(tx: Tx, organisation: string, form: string, language: string): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    select coalesce(max(version), 0)::integer as version from consent_form_version where organisation = ${organisation} and form = ${form} and language = ${language}`.execute(
    tx,
  );
  return rows[0]?.version ?? 0;
}

export type NewFormVersion = Omit<FormVersion, "effectiveAt" | "retiredAt"> & {
  organisation: string;
  createdBy: string | null;
};

/** Adds a version and retires those before it. False when another one of that number was published at the same moment. */
export async function insertForm(tx: Tx, form: NewFormVersion): Promise<boolean> {
  const { rows } = await sql`
    insert into consent_form_version (organisation, id, form, version, language, jurisdiction, purposes, title, body, body_sha256, effective_at, created_by)
    values (${form.organisation}, ${form.id}, ${form.form}, ${form.version}, ${form.language}, ${form.jurisdiction}, ${[...form.purposes]}::text[], ${form.title}, ${form.body},
      ${form.sha256}, now(), ${form.createdBy}) on conflict do nothing returning id`.execute(tx);
  if (rows.length === 0) return false;
  await sql`update consent_form_version set retired_at = now() where organisation = ${form.organisation} and form = ${form.form} and language = ${form.language}
      and version < ${form.version} and retired_at is null`.execute(tx);
  return true;
}

/** The patient of a study of this organisation, or the patient of that ID. */
export async function patientNamedBy(tx: Tx, organisation: string, id: string): Promise<string | null> {
  const { rows } = await sql<{ patient: string }>`
    select patient from study where organisation = ${organisation} and id = ${id}
    union all select id from patient where organisation = ${organisation} and id = ${id} limit 1`.execute(tx);
  return rows[0]?.patient ?? null;
}

export type NewConsent = {
  organisation: string;
  id: string;
  patient: string;
  formVersion: string;
  decision: "given" | "refused";
  givenBy: string;
  purposes: readonly Purpose[];
  recipient: string;
  channel: string;
  until: Date | null;
  recordedBy: string | null;
};

export async function insertConsent(tx: Tx, consent: NewConsent): Promise<void> {
  await sql`insert into consent_event (organisation, id, patient, form_version, decision, given_by, purposes, recipient, channel, from_at, until_at, recorded_by)
    values (${consent.organisation}, ${consent.id}, ${consent.patient}, ${consent.formVersion}, ${consent.decision}, ${consent.givenBy}, ${[...consent.purposes]}::text[],
      ${consent.recipient}, ${consent.channel}, now(), ${consent.until}, ${consent.recordedBy})`.execute(tx);
}

export type ConsentRecord = {
  id: string;
  title: string;
  version: number;
  decision: string;
  givenBy: string;
  purposes: Purpose[];
  recipient: string;
  channel: string;
  from: Date;
  until: Date | null;
  endedAt: Date | null;
  grants: number;
};

/** What a patient allowed and refused, the newest first, with how many grants rest on each now. */
export async function consentsOfPatient(tx: Tx, organisation: string, patient: string): Promise<ConsentRecord[]> {
  const { rows } = await sql<ConsentRecord>`
    select c.id, f.title, f.version, c.decision, c.given_by as "givenBy", c.purposes, c.recipient, c.channel, c.from_at as "from", c.until_at as until, c.ended_at as "endedAt",
      (select count(*)::integer from access_grant g where g.organisation = c.organisation and g.basis = c.id
        and g.revoked_at is null and g.basis_ended_at is null and g.until_at > now()) as grants
    from consent_event c join consent_form_version f on f.organisation = c.organisation and f.id = c.form_version
    where c.organisation = ${organisation} and c.patient = ${patient} order by c.created_at desc, c.id desc`.execute(
    tx,
  );
  return rows;
}

/** Ends a consent that was given and stands; whose it was, or null when there is none such. */
export async function endConsentEvent(
  tx: Tx,
  organisation: string,
  id: string,
  because: string,
): Promise<{ patient: string } | null> {
  const { rows } = await sql<{ patient: string }>`
    update consent_event set ended_at = now(), ended_because = ${because}
    where organisation = ${organisation} and id = ${id} and decision = 'given' and ended_at is null returning patient`.execute(
    tx,
  );
  return rows[0] ?? null;
}

/** The organisation whose first forms are being published; whoever else would publish them waits. */
export async function lockedOrganisation(tx: Tx, id: string): Promise<{ name: string; jurisdiction: string } | null> {
  const { rows } = await sql<{
    name: string;
    jurisdiction: string;
  }>`select name, jurisdiction from organisation where id = ${id} for update`.execute(tx);
  return rows[0] ?? null;
}
