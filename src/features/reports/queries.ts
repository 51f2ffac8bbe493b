import { sql } from "kysely";
import type { SealedContent } from "#features/reports/content.ts";
import { FOR_PATIENTS, type ReportStatus } from "#features/reports/rules.ts";
import type { Tx } from "#platform/postgres/db.ts";

/** One function per question about reports; the owner a parameter, row-level security behind it. */

export type VersionRecord = {
  id: string;
  version: number;
  status: ReportStatus;
  author: string;
  author_organisation: string;
  sealed: Buffer;
  wrapped_key: Buffer;
  content_sha256: Buffer;
  created_at: Date;
  signed_at: Date | null;
};

/** Every signed version, and the newest draft if it is newer than they are; the oldest first. */
export async function versionsOf(tx: Tx, owner: string, study: string): Promise<VersionRecord[]> {
  const { rows } = await sql<VersionRecord>`
    select id, version, status, author, author_organisation, sealed, wrapped_key, content_sha256, created_at, signed_at
    from report_version r where organisation = ${owner} and study = ${study}
      and (status <> 'draft' or version = (select max(n.version) from report_version n where n.organisation = r.organisation and n.study = r.study))
    order by version`.execute(tx);
  return rows;
}

/** The newest version of final reports and addenda. */
export async function newestForPatients(tx: Tx, owner: string, study: string): Promise<VersionRecord | null> {
  const { rows } = await sql<VersionRecord>`
    select id, version, status, author, author_organisation, sealed, wrapped_key, content_sha256, created_at, signed_at
    from report_version where organisation = ${owner} and study = ${study} and status = any(${[...FOR_PATIENTS]}::text[])
    order by version desc limit 1`.execute(tx);
  return rows[0] ?? null;
}

/** One writer of a study's report at a time, until the transaction ends. */
export async function lockReport(tx: Tx, study: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`report:${study}`}, 0))`.execute(tx);
}

export async function insertVersion(
  tx: Tx,
  row: {
    organisation: string;
    id: string;
    study: string;
    version: number;
    status: ReportStatus;
    author: string;
    authorOrganisation: string;
    content: SealedContent;
    signedAt: Date | null;
  },
): Promise<void> {
  await sql`insert into report_version (organisation, id, study, version, status, author, author_organisation, sealed, wrapped_key, content_sha256, signed_at)
    values (${row.organisation}, ${row.id}, ${row.study}, ${row.version}, ${row.status}, ${row.author}, ${row.authorOrganisation},
      ${row.content.sealed}, ${row.content.wrappedKey}, ${row.content.sha256}, ${row.signedAt})`.execute(tx);
}

/** Under what name a person and their organisation stand, as this scope may know them. */
export async function writerNames(
  tx: Tx,
  person: string,
  organisation: string,
): Promise<{ name: string; organisation: string }> {
  const { rows } = await sql<{ name: string | null; organisation: string | null }>`
    select (select display_name from person where id = ${person}) as name, (select name from organisation where id = ${organisation}) as organisation`.execute(
    tx,
  );
  return { name: rows[0]?.name ?? "", organisation: rows[0]?.organisation ?? "" };
}

/** Whoever may see that something about the study changed: its owner, and those it is shared with as far as this scope knows them. */
export async function watchersOf(tx: Tx, owner: string, study: string): Promise<string[]> {
  const { rows } = await sql<{ subject: string }>`
    select distinct subject from access where owner = ${owner} and study = ${study} and until_at > now() limit 200`.execute(
    tx,
  );
  return [owner, ...rows.map((row) => row.subject)];
}
