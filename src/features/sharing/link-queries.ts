import { sql } from "kysely";
import type { Purpose, Right } from "#contract/words.ts";
import { type Database, NO_SCOPE, type Tx } from "#platform/postgres/db.ts";

export type NewLink = {
  organisation: string;
  id: string;
  grant: string;
  secretHash: Buffer;
  recipient: string;
  challenge: "code" | "password" | "birth-date";
  challengeAddress: string | null;
  challengeHash: string | null;
  usesLeft: number | null;
  notify: boolean;
};

export async function insertLink(tx: Tx, link: NewLink): Promise<void> {
  await sql`insert into link (organisation, id, grant_id, secret_hash, recipient, challenge, challenge_address, challenge_hash, uses_left, notify)
    values (${link.organisation}, ${link.id}, ${link.grant}, ${link.secretHash}, ${link.recipient}, ${link.challenge}, ${link.challengeAddress}, ${link.challengeHash}, ${link.usesLeft}, ${link.notify})`.execute(
    tx,
  );
}

export type LinkRecord = {
  organisation: string;
  id: string;
  grant: string;
  recipient: string;
  challenge: "code" | "password" | "birth-date";
  address: string | null;
  challengeHash: string | null;
  codeHash: string | null;
  codeExpiresAt: Date | null;
  codesSent: number;
  attemptsLeft: number;
  usesLeft: number | null;
  closedAt: Date | null;
  notify: boolean;
  rights: Right[];
  purpose: Purpose;
  until: Date;
  study: string;
  studyUid: string;
  patient: string;
  withReport: boolean;
  withPriors: boolean;
  createdBy: string | null;
};

/** Which link a secret names; the secret alone opens no scope but its own organisation's. */
export async function resolveLink(
  database: Database,
  secretHash: Buffer,
): Promise<{ organisation: string; id: string } | null> {
  const { rows } = await database.read(NO_SCOPE, (tx) =>
    sql<{ organisation: string; id: string }>`select organisation, id from resolve_link(${secretHash})`.execute(tx),
  );
  return rows[0] ?? null;
}

export async function resolveLinkSession(
  database: Database,
  secretHash: Buffer,
): Promise<{ organisation: string; id: string; link: string } | null> {
  const { rows } = await database.read(NO_SCOPE, (tx) =>
    sql<{
      organisation: string;
      id: string;
      link: string;
    }>`select organisation, id, link from resolve_link_session(${secretHash})`.execute(tx),
  );
  return rows[0] ?? null;
}

/** The link with its grant while it is open: not closed, not expired, not revoked, its basis standing, tries and uses left. */
export async function openLinkById(
  tx: Tx,
  organisation: string,
  id: string,
  lock: boolean,
): Promise<LinkRecord | null> {
  const { rows } = await sql<LinkRecord>`
    select l.organisation, l.id, l.grant_id as grant, l.recipient, l.challenge, l.challenge_address as address, l.challenge_hash as "challengeHash", l.code_hash as "codeHash", l.code_expires_at as "codeExpiresAt",
      l.codes_sent as "codesSent", l.attempts_left as "attemptsLeft", l.uses_left as "usesLeft", l.closed_at as "closedAt", l.notify, g.rights, g.purpose, g.until_at as until, g.study, s.study_uid as "studyUid", s.patient,
      g.with_report as "withReport", g.with_priors as "withPriors", g.created_by as "createdBy"
    from link l join access_grant g on g.organisation = l.organisation and g.id = l.grant_id join study s on s.organisation = g.organisation and s.id = g.study
    where l.organisation = ${organisation} and l.id = ${id} and l.closed_at is null and g.revoked_at is null and g.basis_ended_at is null and g.from_at <= now() and now() < g.until_at
      and (g.basis_until is null or now() < g.basis_until) ${lock ? sql`for update of l` : sql``}`.execute(tx);
  return rows[0] ?? null;
}

export async function storeCode(tx: Tx, organisation: string, id: string, codeHash: string): Promise<void> {
  await sql`update link set code_hash = ${codeHash}, code_expires_at = now() + interval '10 minutes', codes_sent = codes_sent + 1 where organisation = ${organisation} and id = ${id}`.execute(
    tx,
  );
}

/** One try less; the last one closes the link. Answers how many are left. */
export async function spendAttempt(tx: Tx, organisation: string, id: string): Promise<number> {
  const { rows } = await sql<{ left: number }>`
    update link set attempts_left = attempts_left - 1, closed_at = case when attempts_left <= 1 then now() end, closed_because = case when attempts_left <= 1 then 'tries' end
    where organisation = ${organisation} and id = ${id} returning attempts_left as left`.execute(tx);
  return rows[0]?.left ?? 0;
}

export type NewLinkSession = {
  organisation: string;
  id: string;
  link: string;
  secretHash: Buffer;
  framesLeft: number;
  framesOfDay: number;
  userAgent: string;
  expiresAt: Date;
};

/** One use more; the code that opened it is spent. */
export async function openSession(tx: Tx, session: NewLinkSession): Promise<void> {
  await sql`update link set uses = uses + 1, uses_left = uses_left - 1, code_hash = null, code_expires_at = null, frames_limit = ${session.framesOfDay}
    where organisation = ${session.organisation} and id = ${session.link}`.execute(tx);
  await sql`insert into link_session (organisation, id, link, secret_hash, frames_left, user_agent, expires_at)
    values (${session.organisation}, ${session.id}, ${session.link}, ${session.secretHash}, ${session.framesLeft}, ${session.userAgent}, ${session.expiresAt})`.execute(
    tx,
  );
}

/** How many frames and documents the studies have that this grant opens. */
export async function framesUnderGrant(tx: Tx, organisation: string, grant: string): Promise<number> {
  const { rows } = await sql<{ frames: number }>`
    select coalesce(sum(greatest(coalesce(i.frames, 1), 1)), 0)::integer as frames from access x
    join instance i on i.organisation = x.owner and i.study = x.study where x.owner = ${organisation} and x.grant_id = ${grant}`.execute(
    tx,
  );
  return rows[0]?.frames ?? 0;
}

const IDLE = sql.raw("interval '30 minutes'");

export async function sessionById(tx: Tx, organisation: string, id: string): Promise<{ framesLeft: number } | null> {
  const { rows } = await sql<{ framesLeft: number }>`
    select frames_left as "framesLeft" from link_session where organisation = ${organisation} and id = ${id}
      and now() < expires_at and seen_at > now() - ${IDLE}`.execute(tx);
  return rows[0] ?? null;
}

/** Somebody is there: once a minute is enough to know. */
export async function touchSession(tx: Tx, organisation: string, id: string): Promise<void> {
  await sql`update link_session set seen_at = now() where organisation = ${organisation} and id = ${id} and seen_at < now() - interval '1 minute'`.execute(
    tx,
  );
}

/** Takes frames from the session's budget and from the link's of today; false, and nothing is taken, when either is spent. */
export async function spendFrames(
  tx: Tx,
  session: { organisation: string; id: string; link: string },
  frames: number,
): Promise<boolean> {
  const { rows } = await sql`
    with of_link as (
      update link set frames_day = current_date, frames_used = case when frames_day = current_date then frames_used else 0 end + ${frames}
      where organisation = ${session.organisation} and id = ${session.link}
        and case when frames_day = current_date then frames_used else 0 end + ${frames} <= frames_limit
        and exists (select from link_session where organisation = ${session.organisation} and id = ${session.id} and frames_left >= ${frames})
      returning id)
    update link_session set frames_left = frames_left - ${frames}, seen_at = now() from of_link
    where link_session.organisation = ${session.organisation} and link_session.id = ${session.id} and frames_left >= ${frames} returning link_session.id`.execute(
    tx,
  );
  return rows.length > 0;
}

export async function closeSession(tx: Tx, organisation: string, id: string): Promise<void> {
  await sql`delete from link_session where organisation = ${organisation} and id = ${id}`.execute(tx);
}

export type LinkTimes = {
  recipient: string;
  study: string;
  patient: string;
  purpose: Purpose;
  rights: Right[];
  until: Date;
  revokedAt: Date | null;
  basisUntil: Date | null;
  basisEndedAt: Date | null;
  linkClosedAt: Date | null;
  usesLeft: number | null;
};

/** How a link stands, whatever it is: for the record of a refusal, never for an answer. */
export async function linkTimes(tx: Tx, organisation: string, id: string): Promise<LinkTimes | null> {
  const { rows } = await sql<LinkTimes>`
    select l.recipient, g.study, s.patient, g.purpose, g.rights, g.until_at as until, g.revoked_at as "revokedAt", g.basis_until as "basisUntil", g.basis_ended_at as "basisEndedAt",
      l.closed_at as "linkClosedAt", l.uses_left as "usesLeft"
    from link l join access_grant g on g.organisation = l.organisation and g.id = l.grant_id join study s on s.organisation = g.organisation and s.id = g.study
    where l.organisation = ${organisation} and l.id = ${id}`.execute(tx);
  return rows[0] ?? null;
}
