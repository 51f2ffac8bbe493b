import { entryOf } from "#standards/dicom/dictionary.ts";
import type { JsonDataSet, JsonElement, JsonPersonName, JsonValue } from "#standards/dicom/json.ts";
import { full, type Out } from "#standards/dicom/json-pieces.ts";

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xml:space="preserve" xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">';

const COMPONENTS = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"] as const;
const GROUPS = ["Alphabetic", "Ideographic", "Phonetic"] as const;

/** The Native DICOM Model of a data set, from its DICOM JSON: attributes in ascending order, private ones with their creator. PS3.19 §A.1. */
export const nativeXml = (json: JsonDataSet): string => [...nativeXmlPieces(json)].join("");

/** The text of `nativeXml` in pieces of at most `STEP_ELEMENTS` attributes; bulk data at addresses below `base`. */
export function* nativeXmlPieces(json: JsonDataSet, base = ""): Generator<string, void, undefined> {
  const out = { text: HEAD, elements: 0, base };
  yield* attributes(out, json);
  yield `${out.text}</NativeDicomModel>`;
}

type Based = Out & { readonly base: string };

function* attributes(out: Based, json: JsonDataSet): Generator<string, void, undefined> {
  for (const tag of Object.keys(json).sort()) {
    const element = json[tag];
    if (element === undefined) continue;
    const keyword = entryOf(Number.parseInt(tag, 16))?.keyword ?? "";
    const creator = creatorOf(tag, json);
    const names = `${keyword === "" ? "" : ` keyword="${keyword}"`}${creator === undefined ? "" : ` privateCreator="${escaped(creator)}"`}`;
    out.text += `<DicomAttribute tag="${tag}" vr="${element.vr}"${names}>`;
    if (element.vr !== "SQ") out.text += contentXml(element, out.base);
    else
      for (const [at, item] of (element.Value ?? []).entries()) {
        out.text += `<Item number="${at + 1}">`;
        yield* attributes(out, (item ?? {}) as JsonDataSet);
        out.text += "</Item>";
      }
    out.text += "</DicomAttribute>";
    yield* full(out);
  }
}

/** PS3.5 §7.8.1: (gggg,00bb) reserves the elements bb00 to bbFF of its group. */
function creatorOf(tag: string, around: JsonDataSet): string | undefined {
  const block = tag.slice(4, 6);
  if (Number.parseInt(tag.slice(3, 4), 16) % 2 === 0 || block < "10") return undefined;
  const creator = around[`${tag.slice(0, 4)}00${block}`]?.Value?.[0];
  return typeof creator === "string" ? creator : undefined;
}

function contentXml({ vr, Value, InlineBinary, BulkDataURI }: JsonElement, base: string): string {
  if (BulkDataURI !== undefined) return `<BulkData uri="${escaped(base + BulkDataURI)}"/>`;
  if (InlineBinary !== undefined) return `<InlineBinary>${InlineBinary}</InlineBinary>`;
  return (Value ?? [])
    .map((value, at) => {
      const number = ` number="${at + 1}"`;
      if (vr === "PN") return `<PersonName${number}>${nameXml((value ?? {}) as JsonPersonName)}</PersonName>`;
      return `<Value${number}>${valueText(value)}</Value>`;
    })
    .join("");
}

const valueText = (value: JsonValue): string =>
  typeof value === "string" || typeof value === "number" ? escaped(String(value)) : "";

function nameXml(name: JsonPersonName): string {
  return GROUPS.map((group) => {
    const text = name[group];
    if (text === undefined) return "";
    const parts = text.split("^").map((part, at) => {
      const component = COMPONENTS[at];
      return part === "" || component === undefined ? "" : `<${component}>${escaped(part)}</${component}>`;
    });
    const inner = parts.join("");
    return inner === "" ? "" : `<${group}>${inner}</${group}>`;
  }).join("");
}

/** XML 1.0 §2.2 and §2.4: what means something is escaped, what may not stand in a document is left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replace(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
