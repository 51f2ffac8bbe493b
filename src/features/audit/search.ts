import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { Instant } from "#contract/words.ts";
import type { StoredEntry } from "#features/audit/ledger/tree-queries.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";

const Day = z.iso.date();
const text = z.string().trim().max(100);

/** What may be asked of the record. Days are whole: `to` includes its own. Several actions stand with commas between. */
export const AuditQuery = z.object({
  patient: text.optional(),
  study: text.optional(),
  person: text.optional(),
  action: text.optional(),
  outcome: z.enum(["done", "refused", "failed"]).optional(),
  from: z.union([Day, Instant]).optional(),
  to: z.union([Day, Instant]).optional(),
  after: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type AuditQuery = z.output<typeof AuditQuery>;

export type FoundEntry = Pick<
  StoredEntry,
  "id" | "leaf" | "action" | "outcome" | "actor_kind" | "actor" | "purpose" | "because" | "patient" | "study" | "sealed"
> & { at_time: Date; body: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Names that match more people than this are not narrow enough to be a question. */
const MOST_MATCHES = 500;

/** A page of the organisation's record, newest first. */
export async function searchRecord(tx: Tx, organisation: string, query: AuditQuery): Promise<FoundEntry[]> {
  const where = [sql`e.organisation = ${organisation}`, ...(await conditions(tx, organisation, query))];
  const { rows } = await sql<FoundEntry>`
    select e.id, e.leaf::text as leaf, e.at as at_time, e.action, e.outcome, e.actor_kind, e.actor, e.purpose, e.because, e.patient, e.study, d.sealed, e.body
    from ledger_entry e left join ledger_detail d on d.organisation = e.organisation and d.entry = e.id
    where ${sql.join(where, sql` and `)} order by e.at desc, e.id desc limit ${query.limit + 1}`.execute(tx);
  return rows;
}

async function conditions(tx: Tx, organisation: string, query: AuditQuery): Promise<RawBuilder<unknown>[]> {
  const found: RawBuilder<unknown>[] = [];
  if (query.patient)
    found.push(
      sql`e.patient = any(${await idsLike(query.patient, () => patientsLike(tx, organisation, query.patient ?? ""))}::uuid[])`,
    );
  if (query.person)
    found.push(
      sql`e.actor = any(${await idsLike(query.person, () => actorsLike(tx, organisation, query.person ?? ""))}::uuid[])`,
    );
  if (query.study) {
    const ids = await idsLike(query.study, () => studiesOfUid(tx, organisation, query.study ?? ""));
    found.push(sql`e.study = any(${ids}::uuid[])`);
  }
  if (query.action) found.push(beginsWithAny(query.action));
  if (query.outcome) found.push(sql`e.outcome = ${query.outcome}`);
  if (query.from) found.push(sql`e.at >= ${new Date(query.from)}`);
  if (query.to) found.push(sql`e.at < ${endOf(query.to)}`);
  if (query.after) {
    const { at, id } = cursorIn(query.after);
    found.push(sql`(e.at, e.id) < (${at}, ${id}::uuid)`);
  }
  return found;
}

/** "study.view,link.open": actions by their beginnings, any of them. */
function beginsWithAny(asked: string): RawBuilder<unknown> {
  const beginnings = asked.toLowerCase().split(",");
  return sql`(${sql.join(
    beginnings.map((beginning) => sql`starts_with(e.action, ${beginning.trim()})`),
    sql` or `,
  )})`;
}

function endOf(to: string): Date {
  const at = new Date(to);
  return to.length === 10 ? new Date(at.getTime() + 86_400_000) : at;
}

async function idsLike(asked: string, find: () => Promise<string[]>): Promise<string[]> {
  return UUID.test(asked) ? [asked.toLowerCase()] : find();
}

const likeOf = (asked: string): string => `%${asked.replace(/[\\%_]/g, "\\$&")}%`;

/** By identifier, or words of the name in any order: "Doe Jane" finds DOE^JANE. */
async function patientsLike(tx: Tx, organisation: string, asked: string): Promise<string[]> {
  const words = asked.split(/[\s,^]+/).filter((word) => word !== "");
  const named = words.map((word) => sql`name ilike ${likeOf(word)}`);
  const { rows } = await sql<{ id: string }>`
    select id from patient where organisation = ${organisation}
      and (patient_id = ${asked} or (${words.length > 0} and ${named.length > 0 ? sql.join(named, sql` and `) : sql`false`})) limit ${MOST_MATCHES}`.execute(
    tx,
  );
  return rows.map(({ id }) => id);
}

async function studiesOfUid(tx: Tx, organisation: string, asked: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from study where organisation = ${organisation} and (study_uid = ${asked} or accession = ${asked}) limit ${MOST_MATCHES}`.execute(
    tx,
  );
  return rows.map(({ id }) => id);
}

/** Persons by name or address, devices by AE title, tokens by name, links by recipient. */
async function actorsLike(tx: Tx, organisation: string, asked: string): Promise<string[]> {
  const like = likeOf(asked);
  const { rows } = await sql<{ id: string }>`
    select id from person where display_name ilike ${like} or email ilike ${like}
    union all select id from device where organisation = ${organisation} and ae_title ilike ${like}
    union all select id from machine_token where organisation = ${organisation} and name ilike ${like}
    union all select id from link where organisation = ${organisation} and recipient ilike ${like}
    limit ${MOST_MATCHES}`.execute(tx);
  return rows.map(({ id }) => id);
}

export function cursorOf({ at_time, id }: FoundEntry): string {
  return Buffer.from(`${at_time.toISOString()} ${id}`).toString("base64url");
}

function cursorIn(cursor: string): { at: Date; id: string } {
  const [at = "", id = ""] = Buffer.from(cursor, "base64url").toString("latin1").split(" ");
  if (!UUID.test(id) || !Number.isFinite(Date.parse(at)))
    throw new Fault("input.invalid", "This is not where a page of the record begins.", { place: "after" });
  return { at: new Date(at), id };
}

export type Names = { actors: Map<string, string>; patients: Map<string, string>; studies: Map<string, string> };

/** What the IDs in these entries are called, as far as this organisation may know. */
export async function namesIn(tx: Tx, organisation: string, rows: readonly FoundEntry[]): Promise<Names> {
  const distinct = (pick: (row: FoundEntry) => string | null) => [
    ...new Set(rows.map(pick).filter((id): id is string => id !== null)),
  ];
  const [actors, patients, studies] = [
    distinct((row) => row.actor),
    distinct((row) => row.patient),
    distinct((row) => row.study),
  ];
  const named = await sql<{ id: string; name: string }>`
    select id, name from ledger_people(${actors}::uuid[])
    union all select id, ae_title from device where organisation = ${organisation} and id = any(${actors}::uuid[])
    union all select id, name from machine_token where organisation = ${organisation} and id = any(${actors}::uuid[])
    union all select id, recipient from link where organisation = ${organisation} and id = any(${actors}::uuid[])
    union all select id, name from organisation where id = any(${distinct(actorOrganisation)}::uuid[])`.execute(tx);
  const patientNames = await sql<{ id: string; name: string }>`
    select id, case when name = '' then patient_id else name end as name from patient where organisation = ${organisation} and id = any(${patients}::uuid[])`.execute(
    tx,
  );
  const studyNames = await sql<{ id: string; name: string }>`
    select id, description as name from study where organisation = ${organisation} and id = any(${studies}::uuid[])`.execute(
    tx,
  );
  const mapOf = (found: { id: string; name: string }[]) => new Map(found.map(({ id, name }) => [id, name]));
  return { actors: mapOf(named.rows), patients: mapOf(patientNames.rows), studies: mapOf(studyNames.rows) };
}

/** The organisation the actor worked for; null where the body does not say, which verification tells of. */
export function actorOrganisation({ body }: FoundEntry): string | null {
  try {
    const said = (JSON.parse(body) as { actor?: { organisation?: unknown } }).actor?.organisation;
    return typeof said === "string" && UUID.test(said) ? said : null;
  } catch {
    return null;
  }
}
