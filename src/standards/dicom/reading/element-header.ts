import { type DataSet, type Encoding, FORM, type Oddity } from "#standards/dicom/data-set.ts";
import { entryOf, impliedVrs } from "#standards/dicom/dictionary.ts";
import type { ByteWindow } from "#standards/dicom/reading/window.ts";
import { isPrivate, type Tag } from "#standards/dicom/tag.ts";
import { number } from "#standards/dicom/values.ts";
import { looksLikeVr, VRS, type Vr, vrOfBytes } from "#standards/dicom/vr.ts";

export const UNDEFINED_LENGTH = 0xffffffff;

/** One header, overwritten for every element: the hot path allocates nothing. */
export type Header = {
  tag: Tag;
  vr: Vr;
  length: number;
  bytes: 8 | 12;
  form: number;
  odd: Oddity | undefined;
};

export const emptyHeader = (): Header => ({ tag: 0, vr: "UN", length: 0, bytes: 8, form: 0, odd: undefined });

const PIXEL_REPRESENTATION: Tag = 0x00280103;
const LUT_DESCRIPTOR: Tag = 0x00283002;

function signedPixels(dataSet: DataSet): boolean {
  for (let at: DataSet | undefined = dataSet; at !== undefined; at = at.parent) {
    if (at.has(PIXEL_REPRESENTATION)) return number(at, PIXEL_REPRESENTATION) === 1;
  }
  return false;
}

/** Which of the dictionary's VRs holds here: by Pixel Representation, LUT Descriptor and encoding. PS3.3 §C.7.6.3.1, §C.11.1; PS3.5 §A.1, §A.2. */
function chosenVr(vrs: readonly Vr[], dataSet: DataSet, explicit: boolean): Vr {
  if (vrs.length === 1) return vrs[0] ?? "UN";
  if (vrs.includes("OB")) return explicit ? "OB" : "OW";
  if (vrs.includes("OW")) return number(dataSet, LUT_DESCRIPTOR) === 1 ? "US" : "OW";
  return signedPixels(dataSet) ? "SS" : "US";
}

export const impliedVr = (tag: Tag, dataSet: DataSet, explicit: boolean): Vr =>
  chosenVr(impliedVrs(tag), dataSet, explicit);

function implicit(window: ByteWindow, header: Header, dataSet: DataSet, little: boolean): void {
  header.length = window.u32(4, little);
  header.bytes = 8;
  header.form = FORM.implicit;
  header.odd = undefined;
  header.vr = impliedVr(header.tag, dataSet, false);
}

/**
 * What explicit VR writes where no VR should be: two capitals that are no VR yet are read as the standard foresees (32-bit length,
 * PS3.5 §6.2) unless the two bytes that would be reserved hold a length; other printable pairs ("??", "  ") and NULs before a
 * length are short headers with a broken VR; anything else is an element in implicit VR.
 */
function strange(window: ByteWindow, header: Header, dataSet: DataSet, little: boolean): boolean {
  const first = window.u8(4);
  const second = window.u8(5);
  const reserved = window.u16(6, little);
  const capitals = looksLikeVr(first, second);
  const printable = first >= 0x20 && first < 0x7f && second >= 0x20 && second < 0x7f;
  if (!capitals && !printable && !(first === 0 && second === 0 && reserved !== 0)) {
    implicit(window, header, dataSet, little);
    return true;
  }
  const long = capitals && reserved === 0;
  if (long && window.available < 12) return false;
  header.odd = { vr: String.fromCharCode(first, second) };
  header.vr = capitals ? "UN" : impliedVr(header.tag, dataSet, true);
  header.form = long ? FORM.long : FORM.short;
  header.length = long ? window.u32(8, little) : reserved;
  header.bytes = long ? 12 : 8;
  if (!long) header.vr = impliedVr(header.tag, dataSet, true);
  return true;
}

/** UN of a public attribute: whoever did not know it wrote its value in implicit VR little endian (PS3.5 §6.2.2); we do know it. */
function knownAfterAll(header: Header, dataSet: DataSet): void {
  if (isPrivate(header.tag) || dataSet.encoding.bigEndian || entryOf(header.tag) === undefined) return;
  const vr = impliedVr(header.tag, dataSet, true);
  if (vr === "UN" || header.length === UNDEFINED_LENGTH) return;
  if (header.length % VRS[vr].word !== 0) return;
  header.vr = vr;
  header.odd = { ...header.odd, vr: "UN" };
}

/**
 * Reads the header of the next element, of which at least eight bytes are there, without consuming it; false when four more are
 * needed.
 */
export function readHeader(window: ByteWindow, header: Header, dataSet: DataSet): boolean {
  const { encoding } = dataSet;
  const little = !encoding.bigEndian;
  header.tag = window.tag(0, little);
  if (!encoding.explicit) {
    implicit(window, header, dataSet, little);
    return true;
  }
  const vr = vrOfBytes(window.u8(4), window.u8(5));
  if (vr === undefined) return strange(window, header, dataSet, little);
  header.vr = vr;
  header.odd = undefined;
  if (!VRS[vr].long) {
    header.length = window.u16(6, little);
    header.bytes = 8;
    header.form = FORM.short;
    return true;
  }
  if (window.available < 12) return false;
  const reserved = window.u16(6, little);
  if (reserved !== 0) header.odd = { reserved };
  header.length = window.u32(8, little);
  header.bytes = 12;
  header.form = FORM.long;
  if (vr === "UN") knownAfterAll(header, dataSet);
  return true;
}

/**
 * Whether a data set that claims `encoding` is visibly written otherwise, judged by its first element: real files call themselves
 * explicit and are implicit, or the reverse. Undefined when the claim may stand. Needs eight bytes.
 */
export function contradiction(window: ByteWindow, encoding: Encoding, left: number): Encoding | undefined {
  const swapped = window.tag(0, encoding.bigEndian);
  let { bigEndian } = encoding;
  let tag = window.tag(0, !bigEndian);
  if (entryOf(tag) === undefined && !isPrivate(tag) && entryOf(swapped) !== undefined && swapped >>> 16 <= 0x0010) {
    bigEndian = !bigEndian;
    tag = swapped;
  }
  const vr = vrOfBytes(window.u8(4), window.u8(5));
  const vrs = impliedVrs(tag);
  const plain = window.u32(4, !bigEndian);
  const fits = plain <= left && (plain < 0x10000 || plain === UNDEFINED_LENGTH);
  let { explicit } = encoding;
  if (explicit && vr === undefined && !looksLikeVr(window.u8(4), window.u8(5)) && fits) explicit = false;
  else if (!explicit && vr !== undefined && vrs.includes(vr)) explicit = true;
  if (explicit === encoding.explicit && bigEndian === encoding.bigEndian) return undefined;
  return { explicit, bigEndian };
}
