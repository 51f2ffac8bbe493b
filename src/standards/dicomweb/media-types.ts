import { Fault } from "#kit/fault.ts";
import { type PixelCode, transferSyntaxOrPrivate } from "#standards/dicom/transfer-syntaxes.ts";

/** A media type with its parameters, names in lower case. RFC 9110 §8.3.1. */
export type MediaType = {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
};

const LONGEST_HEADER = 8192;
const MOST_RANGES = 32;

/** Reads one media type; quoted and bare parameter values alike, as clients send both. Undefined when it is none. */
export function parseMediaType(text: string): MediaType | undefined {
  const [head = "", ...rest] = splitOutsideQuotes(text, ";");
  const type = head.trim().toLowerCase();
  if (!/^[a-z0-9!#$&^_.+*-]+\/[a-z0-9!#$&^_.+*-]+$/.test(type)) return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const part of rest) {
    const at = part.indexOf("=");
    if (at < 0) continue;
    const name = part.slice(0, at).trim().toLowerCase();
    const value = unquoted(part.slice(at + 1).trim());
    if (name === "q") quality = qualityOf(value);
    else if (!parameters.has(name)) parameters.set(name, value);
  }
  return { type, parameters, quality };
}

function qualityOf(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 1;
}

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length >= 2
    ? text.slice(1, -1).replace(/\\(.)/g, "$1")
    : text;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && quoted) at++;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/**
 * An Accept header (or the `accept` query parameter, PS3.18 §8.3.3.1) as media ranges, best first: by quality, then in the
 * order given. Nothing given means anything. @throws Fault input.invalid when it is longer than any client's
 */
export function parseAccept(header: string | undefined): MediaType[] {
  if (header === undefined || header.trim() === "") return [{ type: "*/*", parameters: new Map(), quality: 1 }];
  if (header.length > LONGEST_HEADER)
    throw new Fault("input.invalid", "The Accept header is too long.", { place: "Accept" });
  const ranges = splitOutsideQuotes(header, ",").slice(0, MOST_RANGES).map(parseMediaType);
  const known = ranges.filter((range): range is MediaType => range !== undefined && range.quality > 0);
  return known
    .map((range, at) => ({ range, at }))
    .sort((a, b) => b.range.quality - a.range.quality || a.at - b.at)
    .map(({ range }) => range);
}

export function typeFits(range: string, type: string): boolean {
  if (range === "*/*" || range === type) return true;
  const [wanted, sub] = range.split("/");
  return sub === "*" && wanted === type.split("/")[0];
}

/** What WADO-RS answers with: several parts or one, of which type, in which transfer syntax ("*" as stored). */
export type Wanted = { multipart: boolean; type: string; transferSyntax: string | undefined; spelled: string };

/**
 * PS3.18 §8.7.4 for what can come as multipart/related or single: the first range that asks for one of `types`. Takes the
 * spellings of real clients: unquoted `type=`, `transfer-syntax` in the range or in the part's type, plain types without multipart.
 */
export function chooseRelated(
  accept: readonly MediaType[],
  types: readonly string[],
  options: { single: boolean },
): Wanted | undefined {
  for (const range of accept) {
    const transferSyntax = range.parameters.get("transfer-syntax");
    if (range.type === "multipart/related") {
      const inner = parseMediaType(range.parameters.get("type") ?? types[0] ?? "");
      const type = inner && types.find((candidate) => typeFits(inner.type, candidate));
      if (type)
        return {
          multipart: true,
          type,
          transferSyntax: transferSyntax ?? inner.parameters.get("transfer-syntax"),
          spelled: inner.type,
        };
    } else if (range.type === "*/*" || range.type === "multipart/*") {
      return {
        multipart: true,
        type: types[0] ?? "application/octet-stream",
        transferSyntax,
        spelled: types[0] ?? "application/octet-stream",
      };
    } else {
      const type = types.find((candidate) => typeFits(range.type, candidate));
      if (type)
        return {
          multipart: !options.single,
          type,
          transferSyntax,
          spelled: range.type.includes("*") ? type : range.type,
        };
    }
  }
  return undefined;
}

/** PS3.18 table 8.7.3-5 by family: the standard's media type first, then what clients also say. */
const OF_FAMILY: Readonly<Partial<Record<PixelCode, readonly [string, ...string[]]>>> = {
  rle: ["image/dicom-rle", "image/x-dicom-rle"],
  jpeg: ["image/jpeg"],
  "jpeg-ls": ["image/jls", "image/x-jls"],
  "jpeg-2000": ["image/jp2"],
  "jpeg-2000-part-2": ["image/jpx"],
  "jpeg-xl": ["image/jxl"],
  htj2k: ["image/jphc", "image/jhc"],
};

/** Media types of compressed frames by transfer syntax UID. The table has none for retired syntaxes: their frames go as octets. */
export function frameMediaTypes(uid: string): readonly string[] {
  const { pixels, retired } = transferSyntaxOrPrivate(uid);
  return retired ? [] : (OF_FAMILY[pixels] ?? []);
}
