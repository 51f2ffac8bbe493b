import { type RawBuilder, sql } from "kysely";
import type { Actor } from "#features/audit/actor.ts";
import { visibleAcross, type Whose } from "#features/sharing/visible.ts";
import { folded } from "#features/studies/index-rows.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";

export type StudyFilter = {
  q: string;
  modalities: readonly string[];
  /** States of the report; none: whatever it is. */
  reports: readonly string[];
  from: string;
  to: string;
  whose: Whose;
  sort: readonly Sort[];
  after: string | undefined;
  limit: number;
};
export type Sort = { key: SortKey; descending: boolean };
export type SortKey =
  | "arrived"
  | "date"
  | "status"
  | "patient"
  | "description"
  | "id"
  | "accession"
  | "birth"
  | "images";

/** The state of the report that readers see: what was signed last, else the draft, else none. */
const REPORT =
  "(select r.status from report_version r where r.organisation = study.organisation and r.study = study.id order by r.status = 'draft', r.version desc limit 1)";

/** Columns that a list can be sorted by, as text so that one cursor fits all; the last key is always the study's id. */
const SORTS: Record<SortKey, string> = {
  arrived: "to_char(study.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')",
  date: "study.study_date || study.study_time",
  status: `coalesce(array_position(array['draft', 'preliminary', 'final', 'addendum'], ${REPORT}), 0)::text`,
  patient: "lower(study.patient_name)",
  description: "lower(study.description)",
  id: "study.patient_id",
  accession: "study.accession",
  birth: "study.birth_date",
  images: "lpad(study.instance_count::text, 10, '0')",
};

export type ListedStudy = {
  organisation: string;
  owner_name: string;
  id: string;
  study_uid: string;
  patient_name: string;
  patient_id: string;
  birth_date: string;
  sex: string;
  study_date: string;
  study_time: string;
  description: string;
  accession: string;
  modalities: string[];
  referring_physician: string;
  series_count: number;
  instance_count: number;
  bytes: number;
  created_at: Date;
  updated_at: Date;
  priors: number;
  report: string | null;
  shared: number;
  cursor: string[];
};

const LISTED =
  sql.raw(`study.organisation, coalesce((select name from organisation o where o.id = study.organisation), '') as owner_name, study.id, study.study_uid, study.patient_name, study.patient_id, study.birth_date,
  study.sex, study.study_date, study.study_time, study.description, study.accession, study.modalities, study.referring_physician, study.series_count, study.instance_count, study.bytes, study.created_at, study.updated_at,
  (select count(*) from study p where p.organisation = study.organisation and p.patient = study.patient and p.id <> study.id and p.study_date <= study.study_date)::int as priors,
  ${REPORT} as report,
  (select count(*) from access x where x.owner = study.organisation and x.study = study.id and x.until_at > now())::int as shared`);

/** One page of the studies this actor may see, sorted as asked; the cursor of the last row finds the next. */
export async function listStudies(tx: Tx, who: Actor, filter: StudyFilter): Promise<ListedStudy[]> {
  const sort: readonly Sort[] = [...filter.sort, { key: "arrived", descending: true }];
  const keys = sort.map(({ key }) => sql.raw(SORTS[key]));
  const order = sql.join([
    ...sort.map(({ key, descending }) => sql.raw(`${SORTS[key]} ${descending ? "desc" : "asc"}`)),
    sql.raw("study.id desc"),
  ]);
  const { rows } = await sql<ListedStudy>`
    select ${LISTED}, array[${sql.join([...keys, sql.raw("study.id::text")])}] as cursor
    from study where ${visibleAcross(who, filter.whose)} and ${filtered(filter)}${filter.after === undefined ? sql`` : sql` and ${beyond(sort, filter.after)}`}
    order by ${order} limit ${filter.limit}`.execute(tx);
  return rows;
}

function filtered({ q, modalities, reports, from, to }: StudyFilter): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = [sql`true`];
  if (modalities.length > 0) parts.push(sql`study.modalities && ${[...modalities]}::text[]`);
  if (reports.length > 0) parts.push(sql`coalesce(${sql.raw(REPORT)}, 'none') = any(${[...reports]}::text[])`);
  if (from !== "") parts.push(sql`study.study_date >= ${from}`);
  if (to !== "") parts.push(sql`study.study_date <= ${to}`);
  for (const word of folded(q)
    .split(" ")
    .filter((one) => one !== "")
    .slice(0, 6))
    parts.push(containing(word));
  return sql.join(parts, sql` and `);
}

/** A word of the search box: within name, ID, accession or description. */
function containing(word: string): RawBuilder<unknown> {
  const pattern = `%${word.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
  return sql`(lower(translate(study.patient_name, '^=,', '   ')) like ${pattern} or lower(study.patient_id) like ${pattern} or lower(study.accession) like ${pattern} or lower(study.description) like ${pattern}
    or study.id in (select search_studies(null, ${word})))`;
}

function beyond(sort: readonly Sort[], cursor: string): RawBuilder<unknown> {
  const values = readCursor(cursor, sort.length + 1);
  const columns = [
    ...sort.map(({ key, descending }) => ({ at: sql.raw(SORTS[key]), descending })),
    { at: sql.raw("study.id::text"), descending: true },
  ];
  const branches = columns.map(({ at, descending }, depth) => {
    const equal = columns.slice(0, depth).map((column, before) => sql`${column.at} = ${values[before]}`);
    return sql`(${sql.join([...equal, descending ? sql`${at} < ${values[depth]}` : sql`${at} > ${values[depth]}`], sql` and `)})`;
  });
  return sql`(${sql.join(branches, sql` or `)})`;
}

export const writeCursor = (values: readonly string[]): string =>
  Buffer.from(JSON.stringify(values)).toString("base64url");

function readCursor(text: string, length: number): string[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(text.slice(0, 4000), "base64url").toString("utf8"));
    if (Array.isArray(values) && values.length === length && values.every((value) => typeof value === "string"))
      return values as string[];
  } catch {} // falls through to the one refusal
  throw new Fault("input.invalid", "The list was asked for from a place that does not exist; load it anew.", {
    place: "after",
  });
}

/** One study as the list shows it, if this actor may see it. */
export async function listedStudy(tx: Tx, who: Actor, owner: string, id: string): Promise<ListedStudy | null> {
  const { rows } =
    await sql<ListedStudy>`select ${LISTED}, array[]::text[] as cursor from study where ${visibleAcross(who, "all")} and study.organisation = ${owner} and study.id = ${id}`.execute(
      tx,
    );
  return rows[0] ?? null;
}

/** The patient's other studies that this actor may see too, newest first. */
export async function priorStudies(tx: Tx, who: Actor, owner: string, id: string): Promise<ListedStudy[]> {
  const { rows } = await sql<ListedStudy>`
    select ${LISTED}, array[]::text[] as cursor from study
    where ${visibleAcross(who, "all")} and study.organisation = ${owner} and study.id <> ${id} and study.patient = (select patient from study where organisation = ${owner} and id = ${id})
    order by study.study_date desc, study.id desc limit 50`.execute(tx);
  return rows;
}
