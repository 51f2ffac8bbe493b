import { sql } from "kysely";
import type { BasisKind, Purpose, Right } from "#contract/words.ts";
import type { Tx } from "#platform/postgres/db.ts";

/** Who holds a grant, as far as this organisation may know it: the link's recipient, the partner, the colleague's name, the address at a partner. */
const SUBJECT_NAME = sql.raw(`case g.subject_kind
    when 'link' then (select l.recipient from link l where l.organisation = g.organisation and l.grant_id = g.id limit 1)
    when 'organisation' then (select o.name from organisation o where o.id = g.subject)
    else coalesce(nullif(g.recipient, ''), (select p.display_name from person p where p.id = g.subject)) end`);

/** A colleague who left since, or works for nobody that the grant names: it stands on paper and opens nothing. */
const HOLDER_LEFT = sql<boolean>`(g.subject_kind = 'person' and (g.workplace is null or (g.workplace = g.organisation and not exists (
    select from membership m where m.organisation = g.organisation and m.person = g.subject and m.from_at <= now() and (m.until_at is null or m.until_at > now())))))`;

export type PatientGrant = { id: string; name: string; basisKind: BasisKind };

/** The running grants on a patient's studies, whatever they rest on. */
export async function grantsOfPatient(tx: Tx, organisation: string, patient: string): Promise<PatientGrant[]> {
  const { rows } = await sql<PatientGrant>`
    select g.id, coalesce(${SUBJECT_NAME}, '') as name, g.basis_kind as "basisKind"
    from access_grant g join study s on s.organisation = g.organisation and s.id = g.study
    where g.organisation = ${organisation} and s.patient = ${patient} and g.revoked_at is null and g.basis_ended_at is null
      and g.until_at > now() and (g.basis_until is null or g.basis_until > now()) and not ${HOLDER_LEFT} order by g.created_at, g.id`.execute(
    tx,
  );
  return rows;
}

export type AccessRecord = {
  id: string;
  kind: "organisation" | "person" | "link";
  subject: string;
  name: string;
  purpose: Purpose;
  basisKind: BasisKind;
  basisTitle: string;
  rights: Right[];
  from: Date;
  until: Date;
  revokedAt: Date | null;
  basisUntil: Date | null;
  basisEndedAt: Date | null;
  left: boolean;
  link: string | null;
  linkClosedAt: Date | null;
  uses: number;
  usesLeft: number | null;
  lastOpenedAt: Date | null;
  madeAt: Date;
  madeBy: string;
  challenge: "code" | "password" | "birth-date" | null;
  address: string | null;
};

/** Every grant that opens or opened this study, the newest first, with how often it was used. */
export async function accessOfStudy(tx: Tx, organisation: string, study: string): Promise<AccessRecord[]> {
  const { rows } = await sql<AccessRecord>`
    select g.id, g.subject_kind as kind, g.subject, coalesce(${SUBJECT_NAME}, '') as name, g.purpose, g.basis_kind as "basisKind",
      coalesce(case g.basis_kind
        when 'agreement' then (select o.name from agreement a join organisation o on o.id = a.partner where a.organisation = g.organisation and a.id = g.basis)
        when 'consent' then (select f.title || ' v' || f.version from consent_event c
          join consent_form_version f on f.organisation = c.organisation and f.id = c.form_version where c.organisation = g.organisation and c.id = g.basis)
        end, g.basis_note) as "basisTitle",
      g.rights, g.from_at as "from", g.until_at as until, g.revoked_at as "revokedAt", g.basis_until as "basisUntil", g.basis_ended_at as "basisEndedAt", ${HOLDER_LEFT} as left,
      l.id as link, l.closed_at as "linkClosedAt", coalesce(l.uses, used.times, 0)::integer as uses, l.uses_left as "usesLeft", used.last as "lastOpenedAt",
      g.created_at as "madeAt", coalesce((select p.display_name from person p where p.id = g.created_by), '') as "madeBy", l.challenge, l.challenge_address as address
    from access_grant g
      left join link l on l.organisation = g.organisation and l.grant_id = g.id
      left join lateral (select count(*)::integer as times, max(e.at) as last from ledger_entry e
        where e.organisation = g.organisation and e.outcome = 'done' and e.study = g.study
          and ((e.action in ('study.view', 'study.retrieve', 'study.download') and e.subject = g.id) or (e.action = 'link.open' and e.subject = l.id))) used on true
    where g.organisation = ${organisation} and (g.study = ${study}
      or exists (select from access x where x.owner = g.organisation and x.grant_id = g.id and x.study = ${study}))
    order by g.created_at desc, g.id desc limit 200`.execute(tx);
  return rows;
}

export type OpeningRecord = { at: Date; name: string | null; kind: string; action: string; because: string };

/** The last times somebody looked at, took or opened this study, by the record. */
export async function openingsOf(tx: Tx, organisation: string, study: string, limit: number): Promise<OpeningRecord[]> {
  const { rows } = await sql<OpeningRecord>`
    select e.at, e.actor_kind as kind, e.action, coalesce(e.because, '') as because,
      case e.actor_kind
        when 'person' then coalesce((select p.name from ledger_people(array[e.actor]) p), ${SUBJECT_NAME})
        when 'link' then (select l.recipient from link l where l.organisation = e.organisation and l.id = e.actor)
        when 'device' then (select d.ae_title from device d where d.organisation = e.organisation and d.id = e.actor)
        when 'token' then coalesce((select t.name from machine_token t where t.organisation = e.organisation and t.id = e.actor), ${SUBJECT_NAME})
      end as name
    from ledger_entry e left join access_grant g on g.organisation = e.organisation and g.id = e.subject
    where e.organisation = ${organisation} and e.study = ${study} and e.outcome = 'done'
      and e.action in ('study.view', 'study.retrieve', 'study.download', 'link.open')
    order by e.at desc, e.id desc limit ${limit}`.execute(tx);
  return rows;
}
