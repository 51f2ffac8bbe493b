import { Fault } from "#kit/fault.ts";
import { inOrder } from "#standards/dicom/build.ts";
import { isAscii } from "#standards/dicom/charset.ts";
import { DataSet, type Element, EXPLICIT_LITTLE } from "#standards/dicom/data-set.ts";
import { placeOf } from "#standards/dicom/dictionary.ts";
import { bytesElement, elementOf, sequenceElement, type Value } from "#standards/dicom/encode-values.ts";
import { isGroupLength, type Tag } from "#standards/dicom/tag.ts";
import { isVr, VRS, type Vr } from "#standards/dicom/vr.ts";

export type FromJsonOptions = {
  /** What stands behind a BulkDataURI: an element (from its bytes or a range elsewhere). Undefined refuses the address. */
  readonly bulkData?: (uri: string, tag: Tag, vr: Vr, path: string) => Element | undefined;
};

type Json = { readonly [key: string]: unknown };
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const SPECIFIC_CHARACTER_SET: Tag = 0x00080005;
const MAX_DEPTH = 64;
const GROUPS = ["Alphabetic", "Ideographic", "Phonetic"] as const;

/**
 * The data set of a DICOM JSON Model object, in explicit VR little endian and UTF-8. Throws `input.invalid` naming the attribute for
 * what PS3.18 §F.2 does not allow, `dicom.too-deep` beyond 64 nested sequences.
 */
export function fromJson(json: unknown, options: FromJsonOptions = {}): DataSet {
  const read = new JsonReading(options);
  const dataSet = read.dataSet(json, undefined, "", 0);
  if (read.unicode || dataSet.has(SPECIFIC_CHARACTER_SET)) {
    dataSet.set(elementOf(SPECIFIC_CHARACTER_SET, "CS", ["ISO_IR 192"], dataSet));
  }
  return inOrder(dataSet);
}

class JsonReading {
  unicode = false;
  readonly #options: FromJsonOptions;

  constructor(options: FromJsonOptions) {
    this.#options = options;
  }

  dataSet(json: unknown, parent: DataSet | undefined, path: string, depth: number): DataSet {
    if (depth > MAX_DEPTH) throw new Fault("dicom.too-deep", `sequences are nested deeper than ${MAX_DEPTH}`);
    if (!isObject(json)) throw new Fault("input.invalid", `${path || "the data set"} is no object`);
    const dataSet = new DataSet(EXPLICIT_LITTLE, parent);
    for (const key of Object.keys(json).sort()) {
      if (!/^[0-9a-f]{8}$/i.test(key)) throw new Fault("input.invalid", `${path}${key.slice(0, 32)} is no tag`);
      const tag = Number.parseInt(key, 16);
      if (tag >>> 16 === 2 || isGroupLength(tag) || (parent !== undefined && tag === SPECIFIC_CHARACTER_SET)) continue;
      dataSet.set(this.#element(tag, json[key], dataSet, path + key, depth));
    }
    return dataSet;
  }

  #element(tag: Tag, json: unknown, dataSet: DataSet, path: string, depth: number): Element {
    const wrong = (what: string) => new Fault("input.invalid", `${placeOf(tag)} ${what}`, { place: placeOf(tag) });
    if (!isObject(json)) throw wrong("is no object");
    const { vr, Value: values, InlineBinary: inline, BulkDataURI: uri } = json;
    if (typeof vr !== "string" || !isVr(vr)) throw wrong("has no known vr");
    if (typeof inline === "string") return bytesElement(tag, vr, evenBytes(inline, wrong));
    if (typeof uri === "string") {
      const element = this.#options.bulkData?.(uri, tag, vr, path);
      if (element === undefined) throw wrong("refers to bulk data that did not come with it");
      return element;
    }
    if (values !== undefined && !Array.isArray(values)) throw wrong("has a Value that is no array");
    const list: unknown[] = values ?? [];
    if (vr === "SQ") {
      const items = list.map((item, index) => this.dataSet(item ?? {}, dataSet, `${path}/${index}/`, depth + 1));
      return sequenceElement(tag, items);
    }
    if (VRS[vr].holds === "bytes") {
      if (list.length > 0) throw wrong(`has VR ${vr}, which takes InlineBinary or BulkDataURI`);
      return bytesElement(tag, vr, new Uint8Array(0));
    }
    if (list.length === 0) return bytesElement(tag, vr, new Uint8Array(0));
    return elementOf(
      tag,
      vr,
      list.map((value) => this.#value(value, vr, wrong)),
      dataSet,
    );
  }

  #value(value: unknown, vr: Vr, wrong: (what: string) => Fault): Value {
    if (value === null) {
      const { holds } = VRS[vr];
      if (holds === "text" || holds === "number-text") return "";
      throw wrong("has an empty value where a number must stand");
    }
    if (vr === "PN") {
      if (!isObject(value)) throw wrong("holds something that is no person name");
      const groups = GROUPS.map((group) => value[group] ?? "");
      if (!groups.every((group) => typeof group === "string")) throw wrong("holds something that is no person name");
      return this.#text(groups.join("=").replace(/=+$/, ""));
    }
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "number") return value;
    throw wrong("holds something that is neither text nor number");
  }

  #text(text: string): string {
    if (!isAscii(text)) this.unicode = true;
    return text;
  }
}

function evenBytes(base64: string, wrong: (what: string) => Fault): Uint8Array {
  try {
    const bytes = Uint8Array.fromBase64(base64);
    if (bytes.length % 2 === 0) return bytes;
    const even = new Uint8Array(bytes.length + 1);
    even.set(bytes);
    return even;
  } catch (cause) {
    throw wrong(`has an InlineBinary that is no base64 (${(cause as Error).name})`);
  }
}
