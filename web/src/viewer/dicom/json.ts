/** DICOM JSON as a server sends it (PS3.18 annex F). Nothing in it is trusted: every reader below answers a plain value or nothing. */
export type Element = {
  readonly vr?: string;
  readonly Value?: readonly unknown[];
  readonly BulkDataURI?: string;
  readonly InlineBinary?: string;
};
export type DataSet = Readonly<Record<string, Element | undefined>>;

/** The nth value as text; "" when absent. Person names answer their alphabetic group, or the first one there is. */
export function text(from: DataSet, tag: string, nth = 0): string {
  return textOf(from[tag]?.Value?.[nth]);
}

/** All values as text, empty ones included. */
export function texts(from: DataSet, tag: string): string[] {
  return (from[tag]?.Value ?? []).map(textOf);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return "";
  const name = value as { Alphabetic?: unknown; Ideographic?: unknown; Phonetic?: unknown };
  for (const group of [name.Alphabetic, name.Ideographic, name.Phonetic]) {
    if (typeof group === "string" && group !== "") return group.trim();
  }
  return "";
}

/** The numbers of an element; what is not a finite number is left out. */
export function numbers(from: DataSet, tag: string): number[] {
  return (from[tag]?.Value ?? []).map(numberOf).filter((value) => value !== undefined);
}

export function number(from: DataSet, tag: string, nth = 0): number | undefined {
  return numberOf(from[tag]?.Value?.[nth]);
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** The items of a sequence. */
export function items(from: DataSet, tag: string): DataSet[] {
  return (from[tag]?.Value ?? []).filter((item): item is DataSet => typeof item === "object" && item !== null);
}

export function item(from: DataSet, tag: string): DataSet | undefined {
  return items(from, tag)[0];
}

/** A code sequence's first item: meaning, value and scheme (PS3.3 §8.8). */
export type Code = { readonly value: string; readonly scheme: string; readonly meaning: string };
export function code(from: DataSet, tag: string): Code | undefined {
  const entry = item(from, tag);
  if (!entry) return undefined;
  const value = text(entry, "00080100") || text(entry, "00080119") || text(entry, "00080120");
  return { value, scheme: text(entry, "00080102"), meaning: text(entry, "00080104") || value };
}

/** Where the bytes of a binary element are: in the JSON itself, at an address, or nowhere. */
export type Binary = { readonly inline: Uint8Array } | { readonly uri: string };
export function binary(from: DataSet, tag: string): Binary | undefined {
  const element = from[tag];
  if (typeof element?.BulkDataURI === "string") return { uri: element.BulkDataURI };
  if (typeof element?.InlineBinary === "string") return { inline: bytesOfBase64(element.InlineBinary) };
  return undefined;
}

function bytesOfBase64(encoded: string): Uint8Array {
  try {
    return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}
