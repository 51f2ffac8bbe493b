import type { FastifyReply, FastifyRequest } from "fastify";
import { type RawBuilder, sql } from "kysely";
import { scopeOf } from "#features/audit/actor.ts";
import { recordEntry } from "#features/audit/record.ts";
import { visibleTo } from "#features/sharing/visible.ts";
import { type Found, instanceJson, seriesJson, studyJson } from "#features/studies/dicomweb/answers.ts";
import { type Asked, acceptOf, baseOf, type DicomwebNeeds, type Handler } from "#features/studies/dicomweb/asked.ts";
import { dataSetForm, sendDataSets } from "#features/studies/dicomweb/data-sets.ts";
import { withIncluded } from "#features/studies/dicomweb/include.ts";
import { conditionOf, type Level } from "#features/studies/dicomweb/match.ts";
import type { Tx } from "#platform/postgres/db.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { type MatchKey, parseQido, type QidoQuery } from "#standards/dicomweb/qido.ts";

/** An answer ends here whatever limit is asked for, and at DEFAULT_RESULTS when none is; a Warning tells how many remain (PS3.18 §8.3.4.4.1). */
export const MOST_RESULTS = 1000;
export const DEFAULT_RESULTS = 200;
const MOST_COUNTED = 1000;

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
  const form = dataSetForm(acceptOf(asked, request));
  const { condition, ignored } = conditionOf(level, [...query.matches, ...keysOfPath(asked)], query);
  const limit = Math.min(query.limit ?? DEFAULT_RESULTS, MOST_RESULTS);
  const where = sql`${sql.raw(FROM[level])} where ${visibleTo(asked.who, asked.owner)} and ${condition}`;
  const { rows, remaining } = await needs.world.database.read(scopeOf(asked.who), async (tx) => {
    const found =
      await sql<Found>`select ${sql.raw(FIELDS[level])} ${where} ${sql.raw(ORDER[level])} limit ${limit + 1} offset ${query.offset}`.execute(
        tx,
      );
    const more = found.rows.length > limit;
    return {
      rows: found.rows.slice(0, limit),
      remaining: more ? await remainingOf(tx, where, query.offset + limit) : 0,
    };
  });
  await recordSearch(needs, asked, level, query, rows.length);
  const warnings = warningsOf(query, ignored, remaining, request);
  if (warnings.length > 0) reply.header("warning", warnings);
  if (rows.length === 0) return reply.code(204).send();
  const answer = ANSWER[level];
  const found = rows.map((row) => ({ row, answer: answer(row, baseOf(asked, request)) }));
  return sendDataSets(request, reply, form, withIncluded(needs, asked, query, found));
}

const ANSWER: Record<Level, (row: Found, base: string) => JsonDataSet> = {
  study: studyJson,
  series: seriesJson,
  instance: instanceJson,
};

/** How many more there are, counted up to a bound: a search must not cost more than what it answers. */
async function remainingOf(tx: Tx, where: RawBuilder<unknown>, beyond: number): Promise<number> {
  const { rows } = await sql<{
    remaining: number;
  }>`select count(*)::int as remaining from (select 1 ${where} limit ${MOST_COUNTED + 1} offset ${beyond}) as rest`.execute(
    tx,
  );
  return rows[0]?.remaining ?? 0;
}

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

const SERIES_OF = "join series s on s.organisation = study.organisation and s.study = study.id";
const INSTANCES_OF =
  "join instance i on i.organisation = study.organisation and i.study = study.id join series s on s.organisation = i.organisation and s.id = i.series";
const FIELDS: Record<Level, string> = {
  study: STUDY_FIELDS,
  series: `${STUDY_FIELDS}, ${SERIES_FIELDS}`,
  instance: `${STUDY_FIELDS}, ${SERIES_FIELDS}, ${INSTANCE_FIELDS}`,
};
const FROM: Record<Level, string> = {
  study: "from study",
  series: `from study ${SERIES_OF}`,
  instance: `from study ${INSTANCES_OF}`,
};
const ORDER: Record<Level, string> = {
  study: "order by study.study_date desc, study.id desc",
  series: "order by study.study_date desc, study.id desc, s.number nulls last, s.series_uid",
  instance:
    "order by study.study_date desc, study.id desc, s.number nulls last, s.series_uid, i.number nulls last, i.sop_instance_uid",
};

function warningsOf(
  query: QidoQuery,
  ignored: readonly string[],
  remaining: number,
  request: FastifyRequest,
): string[] {
  const service = `${request.protocol}://${request.host}/dicomweb`;
  const warnings: string[] = [];
  if (query.fuzzy)
    warnings.push(
      `299 ${service}: The fuzzymatching parameter is not supported. Only literal matching has been performed.`,
    );
  if (ignored.length > 0) warnings.push(`299 ${service}: Not matched on: ${ignored.join(", ")}.`);
  if (remaining > 0) {
    const count = remaining > MOST_COUNTED ? `more than ${MOST_COUNTED}` : remaining;
    warnings.push(`299 ${service}: There are ${count} additional results that can be requested.`);
  }
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
