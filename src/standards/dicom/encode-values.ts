import { ByteWriter } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import { encodeUtf8 } from "#standards/dicom/charset.ts";
import { type DataSet, type Element, FORM } from "#standards/dicom/data-set.ts";
import { placeOf } from "#standards/dicom/dictionary.ts";
import { type Tag, tagFromText } from "#standards/dicom/tag.ts";
import { VRS, type Vr } from "#standards/dicom/vr.ts";
import { swapWords } from "#standards/dicom/write.ts";

export type Value = string | number | bigint;

/** PS3.5 §6.2: a DS value has at most 16 characters; the shortest notation that fits, else as many digits as do. */
export function decimalString(value: number): string {
  const plain = String(value);
  if (plain.length <= 16) return plain;
  for (let digits = 16; digits > 0; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  return value.toExponential(8);
}

function textValue(value: Value, vr: Vr): string {
  return vr === "DS" && typeof value === "number" ? decimalString(value) : String(value);
}

function putNumber(out: ByteWriter, vr: Vr, value: number): void {
  const scratch = new DataView(new ArrayBuffer(8));
  switch (vr) {
    case "US":
    case "SS":
    case "OW":
      scratch.setUint16(0, value, true);
      break;
    case "UL":
    case "SL":
    case "OL":
      scratch.setUint32(0, value, true);
      break;
    case "FL":
    case "OF":
      scratch.setFloat32(0, value, true);
      break;
    default:
      scratch.setFloat64(0, value, true);
  }
  out.bytes(new Uint8Array(scratch.buffer, 0, VRS[vr].word));
}

const RANGES: Partial<Record<Vr, readonly [number, number]>> = {
  US: [0, 0xffff],
  SS: [-0x8000, 0x7fff],
  UL: [0, 0xffffffff],
  SL: [-0x80000000, 0x7fffffff],
};

const cannotHold = (tag: Tag, vr: Vr) =>
  new Fault("input.invalid", `${placeOf(tag)} has a value that ${vr} cannot hold`, { place: placeOf(tag) });

/** SV and UV; a JSON number beyond 2⁵³ has already lost what it was, so it must come as a string. */
function wideInteger(tag: Tag, vr: "SV" | "UV", value: Value): bigint {
  const exact = typeof value === "number" ? Number.isSafeInteger(value) : /^[+-]?\d{1,20}$/.test(String(value));
  const integer = exact ? BigInt(value) : undefined;
  if (integer === undefined) throw cannotHold(tag, vr);
  const kept = vr === "UV" ? BigInt.asUintN(64, integer) : BigInt.asIntN(64, integer);
  if (kept !== integer) throw cannotHold(tag, vr);
  return BigInt.asUintN(64, integer);
}

function numberBytes(tag: Tag, vr: Vr, values: readonly Value[]): Uint8Array {
  const out = new ByteWriter(values.length * 8);
  for (const value of values) {
    if (vr === "SV" || vr === "UV") {
      out.u64le(wideInteger(tag, vr, value));
      continue;
    }
    const number = Number(value);
    const range = RANGES[vr];
    if (range === undefined) {
      if (Number.isNaN(number) && value !== "NaN") throw cannotHold(tag, vr);
    } else if (!Number.isInteger(number) || number < range[0] || number > range[1]) throw cannotHold(tag, vr);
    putNumber(out, vr, number);
  }
  return out.take().slice();
}

function tagBytes(tag: Tag, values: readonly Value[]): Uint8Array {
  const out = new ByteWriter(values.length * 4);
  for (const value of values) {
    const listed = typeof value === "string" ? tagFromText(value) : Number(value);
    if (listed === undefined || !Number.isInteger(listed)) {
      throw new Fault("input.invalid", `${placeOf(tag)} lists something that is no tag`, { place: placeOf(tag) });
    }
    out.u16le(listed >>> 16).u16le(listed & 0xffff);
  }
  return out.take().slice();
}

/**
 * The element of a tag, VR and values, padded to even length, text in UTF-8 and numbers in the byte order of `dataSet`. Throws
 * `input.invalid` for numbers the VR cannot hold. PS3.5 §6.2.
 */
export function elementOf(tag: Tag, vr: Vr, values: readonly Value[], dataSet: DataSet): Element {
  const { holds, pad, word } = VRS[vr];
  if (holds === "items" || holds === "bytes") {
    throw new Fault("input.invalid", `${placeOf(tag)} has VR ${vr}, which holds no plain values`, {
      place: placeOf(tag),
    });
  }
  if (holds === "text" || holds === "number-text") {
    const bytes = encodeUtf8(values.map((value) => textValue(value, vr)).join("\\"));
    return bytesElement(tag, vr, bytes.length % 2 === 0 ? bytes : padded(bytes, pad));
  }
  const little = holds === "tag" ? tagBytes(tag, values) : numberBytes(tag, vr, values);
  return bytesElement(tag, vr, dataSet.encoding.bigEndian ? swapWords(little, word) : little);
}

function padded(bytes: Uint8Array, pad: number): Uint8Array {
  const even = new Uint8Array(bytes.length + 1);
  even.set(bytes);
  even[bytes.length] = pad;
  return even;
}

/** An element of raw bytes, already in the byte order of its data set. */
export const bytesElement = (tag: Tag, vr: Vr, bytes: Uint8Array): Element => ({
  is: "value",
  tag,
  vr,
  form: 0,
  odd: undefined,
  bytes,
});

export const sequenceElement = (tag: Tag, items: DataSet[]): Element => ({
  is: "sequence",
  tag,
  vr: "SQ",
  form: 0,
  odd: undefined,
  items,
});

/** An encapsulated pixel data element around what `encapsulate` made. PS3.5 §A.4. */
export const encapsulatedElement = (tag: Tag, value: Uint8Array): Element => ({
  is: "value",
  tag,
  vr: "OB",
  form: FORM.undefinedLength,
  odd: undefined,
  bytes: value,
});
