import type { FastifyReply, FastifyRequest } from "fastify";
import { sql } from "kysely";
import { scopeOf } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { visibleTo } from "#features/sharing/visible.ts";
import { type Found, instanceJson, seriesJson, studyJson } from "#features/studies/dicomweb/answers.ts";
import { type Asked, baseOf, type DicomwebNeeds, type Handler } from "#features/studies/dicomweb/asked.ts";
import { includedFields } from "#features/studies/dicomweb/include.ts";
import { conditionOf, type Level } from "#features/studies/dicomweb/match.ts";
import { type MatchKey, parseQido, type QidoQuery } from "#standards/dicomweb/qido.ts";

/** Results without a limit end here; a Warning tells so (PS3.18 §8.3.4.4). */
const MOST_RESULTS = 1000;
const DEFAULT_RESULTS = 200;

export const searchStudies: Handler = (needs, asked, request, reply) => search("study", needs, asked, request, reply);
export const searchSeries: Handler = (needs, asked, request, reply) => search("series", needs, asked, request, reply);
export const searchInstances: Handler = (needs, asked, request, reply) =>
  search("instance", needs, asked, request, reply);

/** PS3.18 §10.6: search at one level under the policy of the actor; 204 when nothing matches. */
async function search(
  level: Level,
  needs: DicomwebNeeds,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const query = parseQido(asked.query);
  const { condition, ignored } = conditionOf(level, [...query.matches, ...keysOfPath(asked)]);
  const limit = Math.min(query.limit ?? DEFAULT_RESULTS, MOST_RESULTS);
  const found = await needs.world.database.read(scopeOf(asked.who), async (tx) => {
    const { rows } =
      await sql<Found>`${sql.raw(SELECT[level])} where ${visibleTo(asked.who, asked.owner)} and ${condition} ${sql.raw(ORDER[level])} limit ${limit + 1} offset ${query.offset}`.execute(
        tx,
      );
    return rows;
  });
  const rows = found.slice(0, limit);
  await recordSearch(needs, asked, level, query, rows.length);
  const warnings = warningsOf(query, ignored, found.length > limit, request);
  if (warnings.length > 0) reply.header("warning", warnings);
  if (rows.length === 0) return reply.code(204).send();
  const base = baseOf(asked, request);
  const answers = rows.map((row) =>
    level === "study" ? studyJson(row, base) : level === "series" ? seriesJson(row, base) : instanceJson(row, base),
  );
  const fields = await includedFields(needs, asked, query, rows);
  const merged = answers.map((answer, at) => ({ ...fields[at], ...answer }));
  return reply.type("application/dicom+json").send(JSON.stringify(merged.map(sorted)));
}

const sorted = (json: object) => Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));

function keysOfPath({ study, series }: Asked): MatchKey[] {
  const keys: MatchKey[] = [];
  if (study !== undefined) keys.push({ path: [0x0020000d], value: study });
  if (series !== undefined) keys.push({ path: [0x0020000e], value: series });
  return keys;
}

const STUDY_FIELDS = `study.organisation, study.id as study, study.study_uid, study.patient_id, study.issuer, study.patient_name, study.birth_date, study.sex, study.study_date, study.study_time,
  study.accession, study.study_id, study.description, study.referring_physician, study.modalities, study.series_count, study.instance_count`;
const SERIES_FIELDS = `s.id as series, s.series_uid, s.modality, s.number as series_number, s.description as series_description, s.body_part, s.series_date, s.series_time, s.pps_start_date, s.pps_start_time,
  s.sps_id, s.requested_procedure_id, s.instance_count as series_instances`;
const INSTANCE_FIELDS =
  "i.id as instance, i.sop_instance_uid, i.sop_class_uid, i.transfer_syntax, i.number as instance_number, i.rows, i.columns, i.bits_allocated, i.frames";

const SELECT: Record<Level, string> = {
  study: `select ${STUDY_FIELDS} from study`,
  series: `select ${STUDY_FIELDS}, ${SERIES_FIELDS} from study join series s on s.organisation = study.organisation and s.study = study.id`,
  instance: `select ${STUDY_FIELDS}, ${SERIES_FIELDS}, ${INSTANCE_FIELDS} from study join instance i on i.organisation = study.organisation and i.study = study.id join series s on s.organisation = i.organisation and s.id = i.series`,
};
const ORDER: Record<Level, string> = {
  study: "order by study.study_date desc, study.id desc",
  series: "order by study.study_date desc, study.id desc, s.number nulls last, s.series_uid",
  instance:
    "order by study.study_date desc, study.id desc, s.number nulls last, s.series_uid, i.number nulls last, i.sop_instance_uid",
};

function warningsOf(query: QidoQuery, ignored: readonly string[], more: boolean, request: FastifyRequest): string[] {
  const service = `${request.protocol}://${request.host}/dicomweb`;
  const warnings: string[] = [];
  if (query.fuzzy)
    warnings.push(
      `299 ${service}: The fuzzymatching parameter is not supported. Only literal matching has been performed.`,
    );
  if (ignored.length > 0) warnings.push(`299 ${service}: Not matched on: ${ignored.join(", ")}.`);
  if (more && query.limit === undefined)
    warnings.push(`299 ${service}: There are additional results that can be requested.`);
  return warnings;
}

/** Searches are on the record with their criteria (sealed) and count; a viewer's look at the series of one study is part of its reading. */
async function recordSearch(
  { world }: DicomwebNeeds,
  asked: Asked,
  level: Level,
  query: QidoQuery,
  count: number,
): Promise<void> {
  if (asked.study !== undefined) return;
  await world.database.transaction(scopeOf(asked.who), async (tx) => {
    const criteria = Object.fromEntries(
      query.matches.map(({ path, value }) => [path.map((tag) => tag.toString(16).padStart(8, "0")).join("."), value]),
    );
    await recordEntry({ tx, now: tx.now, keyring: world.keyring }, asked.who, {
      organisation: asked.who.organisation,
      action: "study.search",
      outcome: "done",
      because: level,
      detail: { criteria, count },
    });
  });
}
