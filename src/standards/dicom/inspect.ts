import { type Encoding, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE } from "#standards/dicom/data-set.ts";
import { entryOf, impliedVrs } from "#standards/dicom/dictionary.ts";
import { isPrivate } from "#standards/dicom/tag.ts";
import { VRS, vrOfBytes } from "#standards/dicom/vr.ts";

/** What the first bytes of a file say it is. `metaAt` is the offset of the first element of group 0002. */
export type Inspection =
  | { readonly is: "part-10"; readonly metaAt: number }
  | { readonly is: "bare-data-set"; readonly encoding: Encoding }
  | { readonly is: "not-dicom"; readonly reason: string };

/** As many bytes as `inspect` ever wants to see. */
export const INSPECTED_BYTES = 1024;

const PREFIX_AT = 128;
const isDicm = (bytes: Uint8Array, at: number) =>
  bytes[at] === 0x44 && bytes[at + 1] === 0x49 && bytes[at + 2] === 0x43 && bytes[at + 3] === 0x4d;

/** How many bytes `isMarked` looks at. */
export const MARKED_BYTES = PREFIX_AT + 6;

/** Whether DICM stands at byte 128 and group 0002 behind it: then nothing else can be meant. PS3.10 §7.1. */
export const isMarked = (bytes: Uint8Array): boolean =>
  isDicm(bytes, PREFIX_AT) && bytes[PREFIX_AT + 4] === 2 && bytes[PREFIX_AT + 5] === 0;

/**
 * Recognises a file by its first `INSPECTED_BYTES` bytes (fewer when it is shorter): Part 10 (PS3.10 §7.1), the same without its
 * preamble, or a bare data set where that is certain, which means that its first elements are known, in order and well formed.
 */
export function inspect(start: Uint8Array): Inspection {
  const bytes = start.subarray(0, INSPECTED_BYTES);
  if (isMarked(bytes)) return { is: "part-10", metaAt: PREFIX_AT + 4 };
  if (isDicm(bytes, 0)) return { is: "part-10", metaAt: 4 };
  if (bytes.length < 8) return { is: "not-dicom", reason: `${bytes.length} bytes are too few for a data set` };
  if (bytes[0] === 2 && bytes[1] === 0 && bytes[3] === 0 && vrOfBytes(bytes[4] ?? 0, bytes[5] ?? 0) !== undefined) {
    return { is: "part-10", metaAt: 0 };
  }
  for (const encoding of [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG]) {
    if (isCertain(bytes, encoding)) return { is: "bare-data-set", encoding };
  }
  if (isDicm(bytes, PREFIX_AT)) return { is: "part-10", metaAt: PREFIX_AT + 4 };
  return { is: "not-dicom", reason: "there is no DICM mark at byte 128, and it does not begin like a data set either" };
}

/** At least three (or all) elements of group 0008 in ascending order with known tags, right VRs and lengths that fit. */
function isCertain(bytes: Uint8Array, encoding: Encoding): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !encoding.bigEndian;
  let at = 0;
  let seen = 0;
  let last = -1;
  while (at + 12 <= bytes.length && seen < 8) {
    const tag = ((view.getUint16(at, little) << 16) | view.getUint16(at + 2, little)) >>> 0;
    const inOrder = tag > last && (seen > 0 || tag >>> 16 === 8);
    const known = entryOf(tag) !== undefined || isPrivate(tag) || (tag & 0xffff) === 0;
    if (!inOrder || !known) return false;
    const size = elementBytes(view, at, tag, encoding);
    if (size === undefined) return false;
    seen += 1;
    if (size === Number.POSITIVE_INFINITY) return seen >= 3;
    last = tag;
    at += size;
  }
  return seen >= 3 && (at <= bytes.length || bytes.length >= INSPECTED_BYTES || seen >= 8);
}

/** Header and value; Infinity for an undefined length; undefined when it is not well formed. */
function elementBytes(view: DataView, at: number, tag: number, encoding: Encoding): number | undefined {
  const little = !encoding.bigEndian;
  const bounded = (header: number, length: number) => {
    if (length === 0xffffffff) return Number.POSITIVE_INFINITY;
    return length <= 0x10000 ? header + length : undefined;
  };
  if (!encoding.explicit) return bounded(8, view.getUint32(at + 4, little));
  const vr = vrOfBytes(view.getUint8(at + 4), view.getUint8(at + 5));
  if (vr === undefined) return undefined;
  const implied = impliedVrs(tag);
  if (vr !== "UN" && !implied.includes("UN") && !implied.includes(vr)) return undefined;
  return VRS[vr].long ? bounded(12, view.getUint32(at + 8, little)) : bounded(8, view.getUint16(at + 6, little));
}
