import { latin1 } from "#standards/dicom/charset/sets.ts";
import { decodeText, splitValues } from "#standards/dicom/charset.ts";
import type { DataSet, Element, ValueElement } from "#standards/dicom/data-set.ts";
import type { Tag } from "#standards/dicom/tag.ts";
import { acceptUid, type Uid } from "#standards/dicom/uid.ts";
import { VRS } from "#standards/dicom/vr.ts";

/** PS3.5 §6.2.1.1: the three groups of a person name, components between "^". */
export type PersonName = { alphabetic: string; ideographic: string; phonetic: string };

const withoutPadding = (text: string) => text.replace(/[\0 ]+$/, "");
/** PS3.5 §6.2: where leading spaces mean nothing either. */
const LEADING_SPACES_MEAN_NOTHING = new Set(["AE", "DS", "IS", "CS", "DA", "TM", "DT"]);

function kept(dataSet: DataSet, tag: Tag): ValueElement | undefined {
  const element = dataSet.get(tag);
  return element?.is === "value" && element.bytes.length > 0 ? element : undefined;
}

/** The values of a text element, decoded, without padding: [] when empty. */
export function textsOf(element: ValueElement, dataSet: DataSet): string[] {
  if (element.bytes.length === 0) return [];
  const { several, charset } = VRS[element.vr];
  const trimmed = LEADING_SPACES_MEAN_NOTHING.has(element.vr)
    ? (text: string) => withoutPadding(text).replace(/^ +/, "")
    : withoutPadding;
  if (!charset) {
    const text = latin1(element.bytes);
    return several ? text.split("\\").map(trimmed) : [trimmed(text)];
  }
  const values = several ? splitValues(element.bytes, dataSet.charset) : [element.bytes];
  return values.map((value) => trimmed(decodeText(value, dataSet.charset, element.vr === "PN")));
}

/** The values of a binary number element, in the byte order of its data set; a rest too short for a number is left out. */
export function binaryNumbersOf(element: ValueElement, dataSet: DataSet): (number | bigint)[] {
  const { bytes, vr } = element;
  const little = !dataSet.encoding.bigEndian;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = VRS[vr].word;
  const numbers: (number | bigint)[] = [];
  for (let at = 0; at + word <= bytes.length; at += word) {
    switch (vr) {
      case "US":
      case "OW":
        numbers.push(view.getUint16(at, little));
        break;
      case "SS":
        numbers.push(view.getInt16(at, little));
        break;
      case "UL":
      case "OL":
        numbers.push(view.getUint32(at, little));
        break;
      case "SL":
        numbers.push(view.getInt32(at, little));
        break;
      case "FL":
      case "OF":
        numbers.push(view.getFloat32(at, little));
        break;
      case "FD":
      case "OD":
        numbers.push(view.getFloat64(at, little));
        break;
      case "UV":
      case "OV":
        numbers.push(view.getBigUint64(at, little));
        break;
      case "SV":
        numbers.push(view.getBigInt64(at, little));
        break;
      default:
        return [];
    }
  }
  return numbers;
}

/** The tags that an AT element lists. PS3.5 §6.2. */
export function tagsOf(element: ValueElement, dataSet: DataSet): Tag[] {
  const { bytes } = element;
  const little = !dataSet.encoding.bigEndian;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tags: Tag[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    tags.push(((view.getUint16(at, little) << 16) | view.getUint16(at + 2, little)) >>> 0);
  }
  return tags;
}

/** All values as decoded text; [] when the element is absent, empty, or not kept in memory. */
export function texts(dataSet: DataSet, tag: Tag): string[] {
  const element = kept(dataSet, tag);
  return element === undefined ? [] : textsOf(element, dataSet);
}

/** The first value as decoded text, without padding; undefined when absent or empty. */
export function text(dataSet: DataSet, tag: Tag): string | undefined {
  const first = texts(dataSet, tag)[0];
  return first === "" ? undefined : first;
}

/** PS3.5 §6.2, DS and IS: undefined unless it is a finite decimal number. */
export function numberOfText(value: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** All values as numbers, of DS and IS as of binary VRs; what is no number is NaN so that positions stay. 64-bit integers lose precision beyond 2⁵³. */
export function numbers(dataSet: DataSet, tag: Tag): number[] {
  const element = kept(dataSet, tag);
  if (element === undefined) return [];
  switch (VRS[element.vr].holds) {
    case "text":
    case "number-text":
      return textsOf(element, dataSet).map((value) => numberOfText(value) ?? Number.NaN);
    case "integer":
    case "decimal":
    case "bytes":
      return binaryNumbersOf(element, dataSet).map(Number);
    default:
      return [];
  }
}

/** The first value as a number; undefined when absent or no number. */
export function number(dataSet: DataSet, tag: Tag): number | undefined {
  const first = numbers(dataSet, tag)[0];
  return first === undefined || Number.isNaN(first) ? undefined : first;
}

/** The first value as a UID, lax as received ones are; undefined when absent or none. */
export function uid(dataSet: DataSet, tag: Tag): Uid | undefined {
  const first = text(dataSet, tag);
  return first === undefined ? undefined : acceptUid(first);
}

/** Splits the decoded text of a PN value into its groups. PS3.5 §6.2.1.1. */
export function personNameOf(value: string): PersonName {
  const [alphabetic = "", ideographic = "", phonetic = ""] = value.split("=");
  return { alphabetic, ideographic, phonetic };
}

/** The first person name; undefined when absent or empty. */
export function personName(dataSet: DataSet, tag: Tag): PersonName | undefined {
  const first = text(dataSet, tag);
  return first === undefined ? undefined : personNameOf(first);
}

/** A DA value as "2024-01-31"; takes the dotted form of ACR-NEMA too. Undefined when absent or no date. PS3.5 §6.2. */
export function date(dataSet: DataSet, tag: Tag): string | undefined {
  const parts = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(text(dataSet, tag) ?? "");
  if (parts === null) return undefined;
  const iso = `${parts[1]}-${parts[2]}-${parts[3]}`;
  const parsed = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(iso) ? iso : undefined;
}

/** A TM value as "13:45:10.25", seconds and fraction as far as they were given; takes colons too. PS3.5 §6.2. */
export function time(dataSet: DataSet, tag: Tag): string | undefined {
  const parts = /^([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d|60)(\.\d{1,6})?)?)?$/.exec(text(dataSet, tag) ?? "");
  return parts === null ? undefined : `${parts[1]}:${parts[2] ?? "00"}:${parts[3] ?? "00"}${parts[4] ?? ""}`;
}

/** The items of a sequence; [] when absent or empty. */
export function items(dataSet: DataSet, tag: Tag): readonly DataSet[] {
  const element = dataSet.get(tag);
  return element?.is === "sequence" ? element.items : [];
}

/** The raw value as it stood; undefined when absent or not kept in memory. */
export function bytes(dataSet: DataSet, tag: Tag): Uint8Array | undefined {
  const element = dataSet.get(tag);
  return element?.is === "value" ? element.bytes : undefined;
}

/** Whether an element has no value at all. */
export function isEmpty(element: Element): boolean {
  if (element.is === "value") return element.bytes.length === 0;
  return element.is === "sequence" ? element.items.length === 0 : element.length === 0;
}

/**
 * The element that a path of `toJson` names ("00880200/1/7FE00010": tags and item numbers from 0), with the data set it stands in;
 * undefined when there is none.
 */
export function elementAt(dataSet: DataSet, path: string): { element: Element; dataSet: DataSet } | undefined {
  const steps = path.split("/");
  let at = dataSet;
  for (let step = 0; step < steps.length; step += 2) {
    const digits = steps[step] ?? "";
    const element = /^[0-9A-F]{8}$/i.test(digits) ? at.get(Number.parseInt(digits, 16)) : undefined;
    if (element === undefined) return undefined;
    const index = steps[step + 1];
    if (index === undefined) return { element, dataSet: at };
    const item = element.is === "sequence" && /^\d{1,9}$/.test(index) ? element.items[Number(index)] : undefined;
    if (item === undefined) return undefined;
    at = item;
  }
  return undefined;
}
