import { Fault } from "#kit/fault.ts";
import type { DataSet, Element, SequenceElement, ValueElement } from "#standards/dicom/data-set.ts";
import { placeOf } from "#standards/dicom/dictionary.ts";
import { hexOfTag, isGroupLength } from "#standards/dicom/tag.ts";
import { binaryNumbersOf, isEmpty, numberOfText, personNameOf, tagsOf, textsOf } from "#standards/dicom/values.ts";
import { VRS, type Vr } from "#standards/dicom/vr.ts";
import { swapWords } from "#standards/dicom/write.ts";

export type JsonPersonName = { Alphabetic?: string; Ideographic?: string; Phonetic?: string };
export type JsonValue = string | number | JsonPersonName | JsonDataSet | null;
export type JsonElement = { vr: Vr; Value?: JsonValue[]; InlineBinary?: string; BulkDataURI?: string };
/** PS3.18 §F.2: attributes under the eight digits of their tags. */
export type JsonDataSet = { [tag: string]: JsonElement };

export type JsonOptions = {
  /**
   * The address of a value that is not put into the JSON; undefined puts it inline if it is in memory. The path names the element
   * in its data set: tags and item numbers (from 0), as in "00880200/0/7FE00010".
   */
  readonly bulkDataUri?: (path: string, element: Element) => string | undefined;
  /** Binary values longer than this many bytes ask for an address. */
  readonly bulkThreshold?: number;
};

const DEFAULT_THRESHOLD = 1024;
export const MAX_DEPTH = 64;

/**
 * The DICOM JSON Model object of a data set, texts in Unicode. Group 0002 and group lengths do not belong to it; Specific
 * Character Set stays what it was in the source (§F.2.2 note 3). Throws `input.too-large` for a value that is neither in memory
 * nor addressed. PS3.18 §F.2.
 */
export function toJson(dataSet: DataSet, options: JsonOptions = {}): JsonDataSet {
  return jsonOf(dataSet, "", options, 0);
}

function jsonOf(dataSet: DataSet, path: string, options: JsonOptions, depth: number): JsonDataSet {
  if (depth > MAX_DEPTH) throw new Fault("dicom.too-deep", `sequences are nested deeper than ${MAX_DEPTH}`);
  const json: JsonDataSet = {};
  const elements = [...dataSet].sort((a, b) => a.tag - b.tag);
  for (const element of elements) {
    if (isGroupLength(element.tag) || (depth === 0 && element.tag >>> 16 === 2)) continue;
    const hex = hexOfTag(element.tag);
    json[hex] = elementJson(element, dataSet, path + hex, options, depth);
  }
  return json;
}

function elementJson(
  element: Element,
  dataSet: DataSet,
  path: string,
  options: JsonOptions,
  depth: number,
): JsonElement {
  if (element.is !== "sequence") return flatJson(element, dataSet, path, options);
  const Value = element.items.map((item, index) => jsonOf(item, `${path}/${index}/`, options, depth + 1));
  return Value.length === 0 ? { vr: element.vr } : { vr: element.vr, Value };
}

/** An element that holds no items, as `toJson` writes it; `path` leads to it from the outermost data set. */
export function flatJson(
  element: Exclude<Element, SequenceElement>,
  dataSet: DataSet,
  path: string,
  options: JsonOptions,
): JsonElement {
  const { vr } = element;
  if (isEmpty(element)) return { vr };
  if (element.is === "value" && VRS[vr].holds !== "bytes") return { vr, Value: valuesJson(element, dataSet) };
  const inMemory = element.is === "value";
  if (!inMemory || element.bytes.length > (options.bulkThreshold ?? DEFAULT_THRESHOLD)) {
    const BulkDataURI = options.bulkDataUri?.(path, element);
    if (BulkDataURI !== undefined) return { vr, BulkDataURI };
  }
  if (!inMemory) {
    const place = placeOf(element.tag);
    throw new Fault("input.too-large", `${place} is not in memory and has no bulk data address`, { place });
  }
  const word = dataSet.encoding.bigEndian ? VRS[vr].word : 1;
  return { vr, InlineBinary: swapWords(element.bytes, word).toBase64() };
}

/** JSON knows neither NaN nor infinities; integers beyond 2⁵³ would lose digits. Both become strings. */
function numberJson(value: number | bigint): string | number {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  return Number.isFinite(value) ? value : String(value);
}

function valuesJson(element: ValueElement, dataSet: DataSet): JsonValue[] {
  switch (VRS[element.vr].holds) {
    case "integer":
    case "decimal":
      return binaryNumbersOf(element, dataSet).map(numberJson);
    case "tag":
      return tagsOf(element, dataSet).map(hexOfTag);
    case "number-text":
      return textsOf(element, dataSet).map((text) => (text === "" ? null : (numberOfText(text) ?? text)));
    default:
      return textsOf(element, dataSet).map((text) => {
        if (text === "") return null;
        return element.vr === "PN" ? personNameJson(text) : text;
      });
  }
}

function personNameJson(text: string): JsonPersonName {
  const { alphabetic, ideographic, phonetic } = personNameOf(text);
  const name: JsonPersonName = {};
  if (alphabetic !== "") name.Alphabetic = alphabetic;
  if (ideographic !== "") name.Ideographic = ideographic;
  if (phonetic !== "") name.Phonetic = phonetic;
  return name;
}

/**
 * The text of a JSON model object, attributes in ascending order at every level as PS3.18 §F.2.2 wants: `JSON.stringify` would
 * put those first whose eight digits are all decimal.
 */
export function jsonText(json: JsonDataSet): string {
  const attributes = Object.keys(json).sort();
  return `{${attributes.map((key) => `"${key}":${elementText(json[key])}`).join(",")}}`;
}

function elementText(element: JsonElement | undefined): string {
  if (element?.vr !== "SQ" || element.Value === undefined) return JSON.stringify(element ?? null);
  return `{"vr":"SQ","Value":[${element.Value.map((item) => jsonText(item as JsonDataSet)).join(",")}]}`;
}
