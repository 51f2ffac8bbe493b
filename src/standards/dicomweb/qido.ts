import { Fault } from "#kit/fault.ts";
import { tagOf } from "#standards/dicom/dictionary.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { hexOfTag } from "#standards/dicom/tag.ts";

/** QIDO-RS query parameters. PS3.18 §8.3.4 and §10.6. */

export type MatchKey = { readonly path: readonly number[]; readonly value: string };
export type QidoQuery = {
  readonly matches: readonly MatchKey[];
  readonly includeAll: boolean;
  readonly include: readonly (readonly number[])[];
  readonly limit: number | undefined;
  readonly offset: number;
  readonly fuzzy: boolean;
  readonly emptyValueMatching: boolean;
  readonly multipleValueMatching: boolean;
};

const MOST_PARAMETERS = 100;
const LONGEST_VALUE = 4096;
const MOST_OFFSET = 10_000_000;

/** A keyword, eight hexadecimal digits, or a dotted path of them, as tags. @throws Fault input.invalid that names it */
export function attributePath(text: string): number[] {
  const parts = text.split(".");
  if (parts.length > 8) throw new Fault("input.invalid", "An attribute path is at most 8 deep.", { place: "query" });
  return parts.map((part) => {
    const tag = /^[0-9a-fA-F]{8}$/.test(part)
      ? Number.parseInt(part, 16)
      : /^[A-Za-z][A-Za-z0-9]{1,63}$/.test(part)
        ? tagOf(part)
        : undefined;
    if (tag === undefined)
      throw new Fault(
        "input.invalid",
        "An attribute in the query is neither a keyword of PS3.6 nor eight hexadecimal digits.",
        { place: "query" },
      );
    return tag;
  });
}

/** @throws Fault input.invalid that names the parameter */
export function parseQido(parameters: URLSearchParams): QidoQuery {
  const matches: MatchKey[] = [];
  const include: number[][] = [];
  const seen = new Set<string>();
  let [includeAll, fuzzy, emptyValueMatching, multipleValueMatching] = [false, false, false, false];
  let limit: number | undefined;
  let offset = 0;
  if ([...parameters].length > MOST_PARAMETERS)
    throw new Fault("input.invalid", `A query has at most ${MOST_PARAMETERS} parameters.`, { place: "query" });
  for (const [name, value] of parameters) {
    if (value.length > LONGEST_VALUE)
      throw new Fault("input.invalid", "A query value is too long.", { place: "query" });
    switch (name.toLowerCase()) {
      case "limit":
        limit = count(value, "limit");
        break;
      case "offset":
        offset = count(value, "offset");
        break;
      case "fuzzymatching":
        fuzzy = flag(value, name);
        break;
      case "emptyvaluematching":
        emptyValueMatching = flag(value, name);
        break;
      case "multiplevaluematching":
        multipleValueMatching = flag(value, name);
        break;
      case "includefield":
        if (value.toLowerCase() === "all") includeAll = true;
        else
          include.push(
            ...value
              .split(",")
              .filter((field) => field !== "")
              .map(attributePath),
          );
        break;
      case "accept":
      case "charset":
      case "_":
        break;
      default: {
        const path = attributePath(name);
        const key = path.join(".");
        if (seen.has(key))
          throw new Fault("input.invalid", "An attribute stands twice in the query (PS3.18 §8.3.4.1).", {
            place: "query",
          });
        seen.add(key);
        matches.push({ path, value });
      }
    }
  }
  return { matches, includeAll, include, limit, offset, fuzzy, emptyValueMatching, multipleValueMatching };
}

function count(value: string, place: string): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= MOST_OFFSET))
    throw new Fault("input.invalid", `${place} is a whole number from 0 to ${MOST_OFFSET}.`, { place });
  return number;
}

function flag(value: string, place: string): boolean {
  if (value !== "true" && value !== "false") throw new Fault("input.invalid", `${place} is true or false.`, { place });
  return value === "true";
}

/**
 * What `includefield` asks of a data set: the attributes named; of a sequence on a dotted path the items with the attribute at
 * its end. Pixel data and what is served as bulk data are left out. PS3.18 §8.3.4.3.
 */
export function includedIn(
  json: JsonDataSet,
  { includeAll, include }: Pick<QidoQuery, "includeAll" | "include">,
): JsonDataSet {
  const wanted = includeAll ? Object.keys(json).map((tag) => [Number.parseInt(tag, 16)]) : include;
  const fields: JsonDataSet = {};
  for (const path of wanted) take(json, path, fields);
  return fields;
}

function take(json: JsonDataSet, [tag, ...rest]: readonly number[], into: JsonDataSet): void {
  const key = hexOfTag(tag ?? 0);
  const element = json[key];
  if (element === undefined || element.BulkDataURI !== undefined || key.startsWith("7FE0")) return;
  if (rest.length === 0 || element.vr !== "SQ") {
    into[key] ??= element;
    return;
  }
  const items = (into[key]?.Value ?? (element.Value ?? []).map(() => ({}))) as JsonDataSet[];
  for (const [at, item] of ((element.Value ?? []) as JsonDataSet[]).entries()) take(item, rest, items[at] ?? {});
  into[key] = items.length === 0 ? { vr: "SQ" } : { vr: "SQ", Value: items };
}

/** PS3.4 §C.2.2.2.5: a date or time range "a-", "-b", "a-b", or a single value; undefined when it is neither. */
export function parseRange(value: string): { from: string | undefined; to: string | undefined } | undefined {
  const match = /^([0-9.]*)(-?)([0-9.]*)$/.exec(value.trim());
  if (!match) return undefined;
  const [, from = "", dash = "", to = ""] = match;
  if (dash === "") return from === "" ? undefined : { from, to: from };
  return from === "" && to === "" ? undefined : { from: from || undefined, to: to || undefined };
}
