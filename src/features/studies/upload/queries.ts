import { sql } from "kysely";
import type { UploadedFile } from "#contract/studies.ts";
import type { Tx } from "#platform/postgres/db.ts";

/** Uploads from the page: which files of a batch have ended how. Names of files are not kept. */

export async function insertUpload(tx: Tx, organisation: string, id: string, person: string): Promise<void> {
  await sql`insert into upload (organisation, id, person) values (${organisation}, ${id}, ${person})`.execute(tx);
}

/** Whether this upload is this person's. */
export async function isUploadOf(tx: Tx, organisation: string, id: string, person: string): Promise<boolean> {
  const { rows } =
    await sql`select id from upload where organisation = ${organisation} and id = ${id} and person = ${person}`.execute(
      tx,
    );
  return rows.length > 0;
}

export type UploadedRow = {
  number: number;
  outcome: UploadedFile["outcome"];
  code: string | null;
  study: string | null;
};

/**
 * Keeps how a file ended and answers that: what this upload stored itself stays stored when it is sent again, because its first
 * answer was lost on the way.
 */
export async function putUploaded(
  tx: Tx,
  organisation: string,
  upload: string,
  row: UploadedRow,
): Promise<UploadedRow["outcome"]> {
  const { rows } = await sql<
    Pick<UploadedRow, "outcome">
  >`insert into upload_file (organisation, upload, number, outcome, code, study)
    values (${organisation}, ${upload}, ${row.number}, ${row.outcome}, ${row.code}, ${row.study})
    on conflict (organisation, upload, number) do update set code = excluded.code, study = excluded.study,
      outcome = case when upload_file.outcome = 'stored' and excluded.outcome = 'already-here' then 'stored' else excluded.outcome end
    returning outcome`.execute(tx);
  return rows[0]?.outcome ?? row.outcome;
}

export async function uploadedFiles(tx: Tx, organisation: string, upload: string): Promise<UploadedRow[]> {
  const { rows } = await sql<UploadedRow>`
    select number, outcome, code, study from upload_file where organisation = ${organisation} and upload = ${upload} order by number limit 100000`.execute(
    tx,
  );
  return rows;
}
