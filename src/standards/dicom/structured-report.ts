import type { JsonDataSet, JsonElement } from "#standards/dicom/json.ts";

/** A paragraph of a structured report as it is read: how deep it stands in the tree, and whether it is a heading. */
export type ReportParagraph = { text: string; depth: number; strong: boolean };

/** More items than this are cut off; more depth too. */
const MOST_ITEMS = 20_000;
const DEEPEST = 64;

type Waiting = { item: JsonDataSet; depth: number };

/**
 * The content tree of a structured report (PS3.3 §C.17.3), given as DICOM JSON, as paragraphs in reading order: concept names and
 * their values, in words. Values that are no text (references, coordinates) are left out. At most 20,000 items and 64 levels are
 * read; nothing recurses.
 */
export function reportParagraphs(json: JsonDataSet): ReportParagraph[] {
  const paragraphs: ReportParagraph[] = [];
  const waiting: Waiting[] = [{ item: json, depth: 0 }];
  for (let read = 0; read < MOST_ITEMS; read++) {
    const next = waiting.pop();
    if (next === undefined) break;
    const { item, depth } = next;
    const said = paragraphOf(item, depth);
    if (said) paragraphs.push(said);
    if (depth >= DEEPEST) continue;
    const children = itemsOf(item["0040A730"]);
    for (let at = children.length - 1; at >= 0; at--) {
      const child = children[at];
      if (child) waiting.push({ item: child, depth: depth + 1 });
    }
  }
  return paragraphs;
}

/** PS3.3 §C.18: a content item is its concept's name and its value by value type. */
function paragraphOf(item: JsonDataSet, depth: number): ReportParagraph | null {
  const name = meaningOf(item["0040A043"]);
  const value = sayingOf(item);
  if (value === null) return name === "" ? null : { text: name, depth, strong: true };
  if (value === "") return null;
  return { text: name === "" ? value : `${name}: ${value}`, depth, strong: false };
}

/** Null for a container; empty for what is no text. */
function sayingOf(item: JsonDataSet): string | null {
  switch (textAt(item["0040A040"]).toUpperCase()) {
    case "":
    case "CONTAINER":
      return null;
    case "TEXT":
      return textAt(item["0040A160"]);
    case "CODE":
      return meaningOf(item["0040A168"]);
    case "NUM":
      return numberOf(item);
    case "PNAME":
      return nameAt(item["0040A123"]);
    case "DATETIME":
      return readable(textAt(item["0040A120"]));
    case "DATE":
      return readable(textAt(item["0040A121"]));
    case "TIME":
      return textAt(item["0040A122"]);
    default:
      return "";
  }
}

/** PS3.3 §C.18.1: the value with its unit; UCUM's "1" and "{…}" say that there is none. */
function numberOf(item: JsonDataSet): string {
  const [measured] = itemsOf(item["0040A300"]);
  if (!measured) return meaningOf(item["0040A301"]);
  const [unit] = itemsOf(measured["004008EA"]);
  const code = unit ? textAt(unit["00080100"]) : "";
  const shown = code === "1" || code.startsWith("{") ? "" : code;
  return `${textAt(measured["0040A30A"])} ${shown}`.trim();
}

function itemsOf(element: JsonElement | undefined): JsonDataSet[] {
  const values = element?.Value ?? [];
  return values.filter((value): value is JsonDataSet => typeof value === "object" && value !== null);
}

function textAt(element: JsonElement | undefined): string {
  const [value] = element?.Value ?? [];
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

function nameAt(element: JsonElement | undefined): string {
  const [value] = element?.Value ?? [];
  const name = typeof value === "object" && value !== null && "Alphabetic" in value ? value.Alphabetic : undefined;
  return typeof name === "string" ? name.split("^").filter(Boolean).join(" ") : "";
}

/** PS3.3 §8.8: the meaning of a code, or the code where it has none. */
function meaningOf(element: JsonElement | undefined): string {
  const [code] = itemsOf(element);
  return code ? textAt(code["00080104"]) || textAt(code["00080100"]) : "";
}

/** YYYYMMDD at the front as YYYY-MM-DD. */
function readable(moment: string): string {
  return moment.replace(/^(\d{4})(\d{2})(\d{2})/, "$1-$2-$3");
}
