import { Fault } from "#kit/fault.ts";
import { isAscii } from "#standards/dicom/charset.ts";
import { DataSet, type Element, EXPLICIT_LITTLE } from "#standards/dicom/data-set.ts";
import { entryOf, impliedVrs, placeOf, tagOf } from "#standards/dicom/dictionary.ts";
import { bytesElement, elementOf, sequenceElement, type Value } from "#standards/dicom/encode-values.ts";
import type { Tag } from "#standards/dicom/tag.ts";
import { isVr, VRS, type Vr } from "#standards/dicom/vr.ts";

/** What an attribute may be given as: nothing, a value, values, bytes, or the items of a sequence. */
export type Given = undefined | null | Value | readonly Value[] | Uint8Array | readonly Attributes[];
/** Attributes by keyword ("PatientName") or by tag in digits, with a VR where the dictionary leaves a choice ("00091001:LO", "LUTData:OW"). */
export type Attributes = { readonly [keyword: string]: Given };

const SPECIFIC_CHARACTER_SET: Tag = 0x00080005;

function targetOf(key: string): { tag: Tag; vr: Vr | undefined } {
  const [name = "", vr] = key.split(":");
  if (vr !== undefined && !isVr(vr)) throw new Fault("input.invalid", `${vr} is no value representation`);
  const tag = /^[0-9a-f]{8}$/i.test(name) ? Number.parseInt(name, 16) : tagOf(name);
  return { tag, vr };
}

function dictionaryVr(tag: Tag): Vr {
  const vrs = entryOf(tag)?.vrs ?? impliedVrs(tag);
  if (vrs.includes("OW")) return "OW";
  const first = vrs[0];
  if (first === undefined)
    throw new Fault("input.invalid", `${placeOf(tag)} has no value representation`, { place: placeOf(tag) });
  return first;
}

const isItems = (value: readonly unknown[]): value is readonly Attributes[] =>
  value.every((item) => typeof item === "object" && item !== null);

function elementFrom(tag: Tag, vr: Vr, value: Given, dataSet: DataSet): Element {
  if (value instanceof Uint8Array) {
    if (value.length % 2 === 0) return bytesElement(tag, vr, value);
    const even = new Uint8Array(value.length + 1);
    even.set(value);
    even[value.length] = VRS[vr].pad;
    return bytesElement(tag, vr, even);
  }
  const list: readonly unknown[] = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  if (vr === "SQ") {
    if (!isItems(list)) throw new Fault("input.invalid", `${placeOf(tag)} takes items`, { place: placeOf(tag) });
    return sequenceElement(
      tag,
      list.map((item) => itemOf(item, dataSet)),
    );
  }
  if (list.length === 0) return bytesElement(tag, vr, new Uint8Array(0));
  return elementOf(tag, vr, list as readonly Value[], dataSet);
}

function fill(dataSet: DataSet, attributes: Attributes): DataSet {
  const targets = Object.entries(attributes).map(([key, value]) => ({ ...targetOf(key), value }));
  for (const { tag, vr, value } of targets.sort((a, b) => a.tag - b.tag)) {
    dataSet.set(elementFrom(tag, vr ?? dictionaryVr(tag), value, dataSet));
  }
  return dataSet;
}

const itemOf = (attributes: Attributes, parent: DataSet): DataSet =>
  fill(new DataSet(parent.encoding, parent), attributes);

/** Whether any text in here leaves ASCII. */
function needsUnicode(value: Given | Attributes): boolean {
  if (typeof value === "string") return !isAscii(value);
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return false;
  return Object.values(value as Record<string, Given>).some((inner) => needsUnicode(inner));
}

/**
 * A data set made by us: elements in ascending order, in explicit VR little endian, texts in UTF-8, with Specific Character Set
 * ISO_IR 192 when a text needs it and none is given. Throws `input.invalid` for unknown keywords and values a VR cannot hold.
 */
export function dataSetOf(attributes: Attributes): DataSet {
  const dataSet = fill(new DataSet(EXPLICIT_LITTLE), attributes);
  if (dataSet.has(SPECIFIC_CHARACTER_SET) || !needsUnicode(attributes)) return dataSet;
  return inOrder(dataSet.set(elementOf(SPECIFIC_CHARACTER_SET, "CS", ["ISO_IR 192"], dataSet)));
}

/** Sets one attribute, keeping the order of tags; the caller answers for the character set of `dataSet`. */
export function put(dataSet: DataSet, key: string, value: Given): DataSet {
  const { tag, vr } = targetOf(key);
  const known = dataSet.has(tag);
  dataSet.set(elementFrom(tag, vr ?? dictionaryVr(tag), value, dataSet));
  return known ? dataSet : inOrder(dataSet);
}

/** PS3.5 §7.1: elements stand in ascending order of their tags. */
export function inOrder(dataSet: DataSet): DataSet {
  const elements = [...dataSet].sort((a, b) => a.tag - b.tag);
  dataSet.elements.clear();
  for (const element of elements) dataSet.set(element);
  return dataSet;
}
