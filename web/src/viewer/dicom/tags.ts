import type { DataSet, Element } from "./json.ts";

/** A line of the tag browser. */
export type TagRow = {
  readonly id: string;
  readonly depth: number;
  readonly tag: string;
  readonly name: string;
  readonly vr: string;
  readonly value: string;
  readonly items: number | undefined;
  /** Bulk that stands elsewhere. */
  readonly apart: boolean;
};

const MOST_ROWS = 50_000;
const LONGEST = 400;

/** All attributes, nested ones indented under their sequence, as text; bounded and iterative, for data sets of any shape. */
export function tagRows(instance: DataSet, nameOf: (tag: string) => string): TagRow[] {
  const rows: TagRow[] = [];
  const open: { entries: [string, Element | undefined][]; depth: number; path: string }[] = [
    { entries: sorted(instance), depth: 0, path: "" },
  ];
  for (let level = open.pop(); level && rows.length < MOST_ROWS; level = open.pop()) {
    const entry = level.entries.shift();
    if (!entry) continue;
    open.push(level);
    const [tag, element] = entry;
    const { depth, path } = level;
    const sequence = element?.vr === "SQ" ? (element.Value ?? []) : undefined;
    const id = `${path}${tag}`;
    rows.push({
      id,
      depth,
      tag: `(${tag.slice(0, 4)},${tag.slice(4)})`,
      name: nameOf(tag),
      vr: element?.vr ?? "",
      value: sequence ? "" : valuesOf(element),
      items: sequence?.length,
      apart: element?.BulkDataURI !== undefined,
    });
    for (const [nth, held] of [...(sequence ?? [])].entries().toArray().toReversed()) {
      if (typeof held !== "object" || held === null) continue;
      const of = `${id}[${nth + 1}]`;
      open.push({ entries: sorted(held as DataSet), depth: depth + 1, path: `${of}.` });
    }
  }
  return rows;
}

const sorted = (from: DataSet): [string, Element | undefined][] =>
  Object.entries(from)
    .filter(([tag]) => /^[0-9A-Fa-f]{8}$/.test(tag))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

function valuesOf(element: Element | undefined): string {
  if (!element) return "";
  if (element.BulkDataURI !== undefined) return "";
  if (element.InlineBinary !== undefined) return `${Math.floor((element.InlineBinary.length * 3) / 4)} bytes`;
  const all = (element.Value ?? []).map(plain).join(" \\ ");
  return all.length > LONGEST ? `${all.slice(0, LONGEST)} …` : all;
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value)
    .filter((group) => typeof group === "string")
    .join(" = ");
}

/** Rows whose tag, name or value holds every word of the search; with an empty search all of them. */
export function matching(rows: readonly TagRow[], search: string): readonly TagRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const held = `${row.tag} ${row.tag.replace(/[(),]/g, "")} ${row.name} ${row.vr} ${row.value}`.toLowerCase();
    return words.every((word) => held.includes(word));
  });
}
