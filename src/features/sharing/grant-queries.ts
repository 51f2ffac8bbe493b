import { sql } from "kysely";
import type { BasisKind, Purpose, Right } from "#contract/words.ts";
import type { AgreementFacts, ConsentFacts } from "#features/sharing/share-rules.ts";
import type { Tx } from "#platform/postgres/db.ts";
import type { PatientIdentity } from "#standards/dicom/same-person.ts";

/** The agreements this organisation has given, as the rules judge them, with the partner's name. */
export async function agreementsOf(tx: Tx, organisation: string): Promise<(AgreementFacts & { title: string })[]> {
  const { rows } = await sql<{
    id: string;
    partner: string;
    partner_name: string;
    reference: string;
    purposes: Purpose[];
    from_at: Date;
    until_at: Date;
    ended_at: Date | null;
  }>`
    select a.id, a.partner, o.name as partner_name, a.reference, a.purposes, a.from_at, a.until_at, a.ended_at
    from agreement a join organisation o on o.id = a.partner where a.organisation = ${organisation} order by a.until_at desc`.execute(
    tx,
  );
  return rows.map((row) => ({
    id: row.id,
    partner: row.partner,
    purposes: row.purposes,
    from: row.from_at,
    until: row.until_at,
    endedAt: row.ended_at,
    title: row.partner_name,
  }));
}

/** The consents recorded for a patient, as the rules judge them, with the form's title. */
export async function consentsOf(
  tx: Tx,
  organisation: string,
  patient: string,
): Promise<(ConsentFacts & { title: string; version: number; effectiveAt: Date })[]> {
  const { rows } = await sql<{
    id: string;
    decision: "given" | "refused";
    purposes: Purpose[];
    recipient: string;
    from_at: Date;
    until_at: Date | null;
    ended_at: Date | null;
    title: string;
    version: number;
    effective_at: Date;
  }>`
    select c.id, c.decision, c.purposes, c.recipient, c.from_at, c.until_at, c.ended_at, f.title, f.version, f.effective_at
    from consent_event c join consent_form_version f on f.organisation = c.organisation and f.id = c.form_version
    where c.organisation = ${organisation} and c.patient = ${patient} order by c.created_at desc`.execute(tx);
  return rows.map((row) => ({
    id: row.id,
    patient,
    decision: row.decision,
    purposes: row.purposes,
    recipient: row.recipient,
    from: row.from_at,
    until: row.until_at,
    endedAt: row.ended_at,
    title: row.title,
    version: row.version,
    effectiveAt: row.effective_at,
  }));
}

/** The longest a link of this organisation may stay open, in days. */
export async function linkMaxDays(tx: Tx, organisation: string): Promise<number> {
  const { rows } = await sql<{
    days: number;
  }>`select link_max_days as days from organisation where id = ${organisation}`.execute(tx);
  return rows[0]?.days ?? 1;
}

/** The person behind an address and where they work, as far as this organisation may know: members of it and of its partners. */
export async function personByEmail(
  tx: Tx,
  email: string,
): Promise<{ id: string; displayName: string; organisations: string[] } | null> {
  const { rows } = await sql<{
    id: string;
    display_name: string;
    organisations: string[];
  }>`select id, display_name, organisations from shareable_person(${email.toLowerCase()})`.execute(tx);
  const row = rows[0];
  return row ? { id: row.id, displayName: row.display_name, organisations: row.organisations } : null;
}

export type PriorRecord = PatientIdentity & { id: string; studyDate: string };

/** The patient's other studies from before (and of the same day as) this one, each with what it says of its patient itself. */
export async function priorsOf(tx: Tx, organisation: string, study: string): Promise<PriorRecord[]> {
  const { rows } = await sql<PriorRecord>`
    select p.id, p.study_date as "studyDate", p.patient_name as name, p.birth_date as "birthDate", p.sex, p.issuer, p.patient_id as "patientId"
    from study s join study p on p.organisation = s.organisation and p.patient = s.patient and p.id <> s.id and p.study_date <= s.study_date
    where s.organisation = ${organisation} and s.id = ${study} order by p.study_date desc, p.id desc`.execute(tx);
  return rows;
}

export type NewGrant = {
  organisation: string;
  id: string;
  study: string;
  withPriors: boolean;
  withReport: boolean;
  subjectKind: "organisation" | "person" | "link";
  subject: string;
  /** Of a person: the organisation they work for under it. */
  workplace: string | null;
  /** Whom it names where the owner does not know them: the address as it was typed. */
  recipient: string;
  rights: readonly Right[];
  purpose: Purpose;
  basisKind: BasisKind;
  basis: string | null;
  basisNote: string;
  basisUntil: Date | null;
  until: Date;
  createdBy: string | null;
  studies: readonly { id: string; studyDate: string }[];
};

/** The grant, and with it the recipient's rows in the access relation: one per study it opens. */
export async function insertGrant(tx: Tx, grant: NewGrant): Promise<void> {
  await sql`insert into access_grant (organisation, id, study, with_priors, with_report, subject_kind, subject, workplace, recipient, rights, purpose, basis_kind, basis, basis_note, basis_until, until_at, created_by)
    values (${grant.organisation}, ${grant.id}, ${grant.study}, ${grant.withPriors}, ${grant.withReport}, ${grant.subjectKind}, ${grant.subject}, ${grant.workplace}, ${grant.recipient}, ${[...grant.rights]}::text[], ${grant.purpose},
      ${grant.basisKind}, ${grant.basis}, ${grant.basisNote}, ${grant.basisUntil}, ${grant.until}, ${grant.createdBy})`.execute(
    tx,
  );
  for (const study of grant.studies) {
    await sql`insert into access (subject, workplace, owner, study, grant_id, until_at, study_date) values (${grant.subject}, ${grant.workplace}, ${grant.organisation}, ${study.id}, ${grant.id}, ${grant.until}, ${study.studyDate})`.execute(
      tx,
    );
  }
}

export type GrantRecord = {
  id: string;
  study: string;
  subject: string;
  subject_kind: string;
  patient: string;
  revoked_at: Date | null;
};

/** One grant of this organisation, ended or not. */
export async function grantById(tx: Tx, organisation: string, id: string): Promise<GrantRecord | null> {
  const { rows } = await sql<GrantRecord>`
    select g.id, g.study, g.subject, g.subject_kind, s.patient, g.revoked_at from access_grant g join study s on s.organisation = g.organisation and s.id = g.study
    where g.organisation = ${organisation} and g.id = ${id}`.execute(tx);
  return rows[0] ?? null;
}

/** Ends grants now: the access relation loses their rows, open link sessions die. */
export async function endGrants(
  tx: Tx,
  organisation: string,
  ids: readonly string[],
  how: { by: string | null; basisEnded: boolean },
): Promise<void> {
  const wanted = [...ids];
  if (how.basisEnded)
    await sql`update access_grant set basis_ended_at = now() where organisation = ${organisation} and id = any(${wanted}::uuid[])`.execute(
      tx,
    );
  else
    await sql`update access_grant set revoked_at = now(), revoked_by = ${how.by} where organisation = ${organisation} and id = any(${wanted}::uuid[]) and revoked_at is null`.execute(
      tx,
    );
  await sql`delete from access where owner = ${organisation} and grant_id = any(${wanted}::uuid[])`.execute(tx);
  await sql`update link set closed_at = now(), closed_because = ${how.basisEnded ? "basis-ended" : "revoked"} where organisation = ${organisation} and grant_id = any(${wanted}::uuid[]) and closed_at is null`.execute(
    tx,
  );
  // ended, not forgotten: the browser that was let in may still learn why its page closed
  await sql`update link_session set expires_at = now() where organisation = ${organisation} and expires_at > now() and link in (select id from link where organisation = ${organisation} and grant_id = any(${wanted}::uuid[]))`.execute(
    tx,
  );
}

/**
 * Holds the basis of a grant that is being made until the transaction ends: whoever ends that agreement or consent meanwhile
 * waits, and then ends this grant too. A share for own care may rest on any agreement.
 */
export async function holdBasis(
  tx: Tx,
  organisation: string,
  basis: { kind: BasisKind; id?: string | undefined },
): Promise<void> {
  if (basis.kind === "agreement")
    await sql`select from agreement where organisation = ${organisation} and id = ${basis.id} for share`.execute(tx);
  if (basis.kind === "own-care")
    await sql`select from agreement where organisation = ${organisation} and ended_at is null order by id for share`.execute(
      tx,
    );
  if (basis.kind === "consent")
    await sql`select from consent_event where organisation = ${organisation} and id = ${basis.id} for share`.execute(
      tx,
    );
}

/** The grants that rest on this agreement or consent and have not ended. */
export async function grantsOnBasis(tx: Tx, organisation: string, basis: string): Promise<GrantRecord[]> {
  const { rows } = await sql<GrantRecord>`
    select g.id, g.study, g.subject, g.subject_kind, s.patient, g.revoked_at from access_grant g join study s on s.organisation = g.organisation and s.id = g.study
    where g.organisation = ${organisation} and g.basis = ${basis} and g.revoked_at is null and g.basis_ended_at is null and g.until_at > now()`.execute(
    tx,
  );
  return rows;
}

export type SharedStudy = PatientIdentity & {
  owner: string;
  id: string;
  studyUid: string;
  patient: string;
  studyDate: string;
  description: string;
};

/** A study as its owner shares it; null when it is not this organisation's own. */
export async function sharedStudy(tx: Tx, owner: string, id: string): Promise<SharedStudy | null> {
  const { rows } = await sql<{
    organisation: string;
    id: string;
    study_uid: string;
    patient: string;
    issuer: string;
    patient_id: string;
    patient_name: string;
    birth_date: string;
    sex: string;
    study_date: string;
    description: string;
  }>`
    select organisation, id, study_uid, patient, issuer, patient_id, patient_name, birth_date, sex, study_date, description from study where organisation = ${owner} and id = ${id} and organisation = (select scope_organisation())`.execute(
    tx,
  );
  const row = rows[0];
  return row
    ? {
        owner: row.organisation,
        id: row.id,
        studyUid: row.study_uid,
        patient: row.patient,
        birthDate: row.birth_date,
        name: row.patient_name,
        sex: row.sex,
        issuer: row.issuer,
        patientId: row.patient_id,
        studyDate: row.study_date,
        description: row.description,
      }
    : null;
}

export async function organisationName(tx: Tx, id: string): Promise<string> {
  const { rows } = await sql<{ name: string }>`select name from organisation where id = ${id}`.execute(tx);
  return rows[0]?.name ?? "";
}

/** Whether sharing waits for a person's decision after a restore. */
export async function isHouseClosed(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ closed: boolean }>`select exists (select from sharing_closed) as closed`.execute(tx);
  return rows[0]?.closed === true;
}
