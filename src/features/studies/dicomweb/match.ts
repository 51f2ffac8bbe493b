import { type RawBuilder, sql } from "kysely";
import { Fault } from "#kit/fault.ts";
import { hexOfTag } from "#standards/dicom/tag.ts";
import { type MatchKey, parseRange } from "#standards/dicomweb/qido.ts";

/** PS3.4 §C.2.2.2: how a key matches a column. */
export type Matching = "text" | "name" | "uid" | "date" | "time" | "number" | "list";
type Column = { matching: Matching; column: string };

/** Query keys by tag path: level, column and kind of matching. Columns are ours alone, never from outside. */
const STUDY_KEYS: ReadonlyMap<string, Column> = new Map([
  ["00080020", { matching: "date", column: "study.study_date" }],
  ["00080030", { matching: "time", column: "study.study_time" }],
  ["00080050", { matching: "text", column: "study.accession" }],
  ["00080061", { matching: "list", column: "study.modalities" }],
  ["00080090", { matching: "name", column: "study.referring_physician" }],
  ["00081030", { matching: "text", column: "study.description" }],
  ["00100010", { matching: "name", column: "study.patient_name" }],
  ["00100020", { matching: "text", column: "study.patient_id" }],
  ["00100021", { matching: "text", column: "study.issuer" }],
  ["00100030", { matching: "date", column: "study.birth_date" }],
  ["00100040", { matching: "text", column: "study.sex" }],
  ["0020000D", { matching: "uid", column: "study.study_uid" }],
  ["00200010", { matching: "text", column: "study.study_id" }],
]);
const SERIES_KEYS: ReadonlyMap<string, Column> = new Map([
  ["00080060", { matching: "text", column: "s.modality" }],
  ["0008103E", { matching: "text", column: "s.description" }],
  ["00180015", { matching: "text", column: "s.body_part" }],
  ["0020000E", { matching: "uid", column: "s.series_uid" }],
  ["00200011", { matching: "number", column: "s.number" }],
  ["00400244", { matching: "date", column: "s.pps_start_date" }],
  ["00400245", { matching: "time", column: "s.pps_start_time" }],
  ["00400275.00400009", { matching: "text", column: "s.sps_id" }],
  ["00400275.00401001", { matching: "text", column: "s.requested_procedure_id" }],
]);
const INSTANCE_KEYS: ReadonlyMap<string, Column> = new Map([
  ["00080016", { matching: "uid", column: "i.sop_class_uid" }],
  ["00080018", { matching: "uid", column: "i.sop_instance_uid" }],
  ["00200013", { matching: "number", column: "i.number" }],
]);

export type Level = "study" | "series" | "instance";
const KEYS: Record<Level, readonly ReadonlyMap<string, Column>[]> = {
  study: [STUDY_KEYS],
  series: [STUDY_KEYS, SERIES_KEYS],
  instance: [STUDY_KEYS, SERIES_KEYS, INSTANCE_KEYS],
};

const pathText = (path: readonly number[]): string => path.map(hexOfTag).join(".");

/** The keys that are matched on at a level, as tag paths: what the conformance statement lists. */
export const matchKeysOf = (level: Level): { path: string; matching: Matching }[] =>
  KEYS[level].flatMap((table) => [...table].map(([path, { matching }]) => ({ path, matching })));

/** The condition of these keys, and the keys that are not matched on here (the answer says so in a Warning). */
export function conditionOf(
  level: Level,
  keys: readonly MatchKey[],
  how: { emptyValueMatching?: boolean; multipleValueMatching?: boolean } = {},
): { condition: RawBuilder<unknown>; ignored: string[] } {
  const ignored: string[] = [];
  let condition: RawBuilder<unknown> = sql`true`;
  for (const { path, value } of keys) {
    const name = pathText(path);
    const column = KEYS[level].map((table) => table.get(name)).find((found) => found !== undefined);
    if (!column) ignored.push(name);
    else if (how.emptyValueMatching && value === EMPTY) condition = sql`${condition} and ${isEmpty(column)}`;
    else if (how.multipleValueMatching && value.includes("\\"))
      condition = sql`${condition} and (${sql.join(
        value.split("\\").map((one) => matches(column, one)),
        sql` or `,
      )})`;
    else if (value !== "" && value !== "*") condition = sql`${condition} and ${matches(column, value)}`;
  }
  return { condition, ignored };
}

/** PS3.4 §C.2.2.2.7: two quotation marks ask for what has no value. */
const EMPTY = '""';

function isEmpty({ matching, column }: Column): RawBuilder<unknown> {
  const at = sql.raw(column);
  if (matching === "number") return sql`${at} is null`;
  return matching === "list" ? sql`cardinality(${at}) = 0` : sql`${at} = ''`;
}

function matches({ matching, column }: Column, value: string): RawBuilder<unknown> {
  const at = sql.raw(column);
  switch (matching) {
    case "uid":
      return sql`${at} = any(${value
        .split(/[,\\]/)
        .map((uid) => uid.trim())
        .slice(0, 1000)}::text[])`;
    case "number": {
      if (!/^[+-]?\d{1,9}$/.test(value.trim()))
        throw new Fault("input.invalid", "A number in the query is none.", { place: "query" });
      return sql`${at} = ${Number(value)}`;
    }
    case "date":
      return range(at, value, (text) => text.replaceAll(".", ""), "99999999");
    case "time":
      return range(at, value, (text) => text, "999999");
    case "list":
      return sql`exists (select from unnest(${at}) as one where ${sql.join(
        value.split(/[,\\]/).map((one) => like(sql`one`, one)),
        sql` or `,
      )})`;
    case "name":
      return nameMatches(at, value);
    case "text":
      return like(at, value);
  }
}

/**
 * PS3.4 §C.2.2.2.1: names match without regard to case, and empty components at the end mean nothing. A key of one group matches
 * any group of the name (§C.2.2.2.1.1 lets it); a key with groups matches each in its place.
 */
function nameMatches(at: RawBuilder<unknown>, value: string): RawBuilder<unknown> {
  const wanted = value.split("=").map((group) => group.toLowerCase().replace(/\^+$/, ""));
  const [only = ""] = wanted;
  if (wanted.length === 1)
    return sql`exists (select from unnest(string_to_array(${at}, '=')) as one where ${like(sql`lower(rtrim(one, '^'))`, only)})`;
  const groups = wanted.flatMap((group, place) =>
    group === "" || group === "*" ? [] : [like(sql`lower(rtrim(split_part(${at}, '=', ${place + 1}), '^'))`, group)],
  );
  return groups.length === 0 ? sql`true` : sql`(${sql.join(groups, sql` and `)})`;
}

/** Times compare by what both sides give: "10" covers 10:00:00 to 10:59:59.999999. */
function range(
  at: RawBuilder<unknown>,
  value: string,
  clean: (text: string) => string,
  most: string,
): RawBuilder<unknown> {
  const parsed = parseRange(value.replaceAll(":", ""));
  if (!parsed)
    throw new Fault("input.invalid", "A date or time in the query is neither a value nor a range.", { place: "query" });
  const from = parsed.from === undefined ? sql`` : sql` and ${at} >= ${clean(parsed.from)}`;
  const to =
    parsed.to === undefined
      ? sql``
      : sql` and ${at} <= ${clean(parsed.to) + most.slice(clean(parsed.to).length)} || '~'`;
  return sql`(${at} <> ''${from}${to})`;
}

/** `*` any run, `?` one character; everything else stands for itself. */
function like(at: RawBuilder<unknown>, pattern: string): RawBuilder<unknown> {
  if (!/[*?]/.test(pattern)) return sql`${at} = ${pattern}`;
  const escaped = pattern
    .replace(/[\\%_]/g, (character) => `\\${character}`)
    .replace(/\*+/g, "%")
    .replaceAll("?", "_");
  return sql`${at} like ${escaped}`;
}
