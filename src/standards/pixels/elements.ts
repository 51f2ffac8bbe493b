import { Fault } from "#kit/fault.ts";
import type { Lut, Palette, PixelAttributes, Window } from "#standards/pixels/attributes.ts";
import { expandSegments, readLut } from "#standards/pixels/lut.ts";

/** How a data set is asked for what pixels need, whatever it is made of. Tags are 32-bit numbers. */
export type PixelElements = {
  has(tag: number): boolean;
  /** Numeric values, of text representations too; what is no number is left out. */
  numbers(tag: number): number[];
  /** The first value as trimmed text. */
  text(tag: number): string | undefined;
  /** The value as 16-bit words, whether written as OW or as US or SS. */
  words(tag: number): Uint16Array | undefined;
  items(tag: number): PixelElements[];
};

/** PS3.3 §C.8.7.1.1.2: the Modality LUT of X-ray angiography and radiofluoroscopy leads back to the intensity of the beam; it is not for display. */
const NOT_FOR_DISPLAY: ReadonlySet<string> = new Set(["1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"]);
const FLOAT_PIXELS = 0x7fe00008;
const DOUBLE_PIXELS = 0x7fe00009;

/**
 * What frame `frame` (from 1) of an image needs to be shown: from the data set itself or, in enhanced multi-frame images, from
 * its per-frame or shared functional groups (PS3.3 §C.7.6.16). Throws `dicom.missing` without Rows, Columns, Bits Allocated or
 * Photometric Interpretation, `dicom.malformed` for tables that cannot be.
 */
export function readPixelAttributes(elements: PixelElements, frame = 1): PixelAttributes {
  const groups = functionalGroups(elements, frame);
  const transformation = firstWith(groups, 0x00289145) ?? elements;
  const voi = firstWith(groups, 0x00289132) ?? elements;
  const pixelRepresentation = elements.numbers(0x00280103)[0];
  const rescaleIntercept = transformation.numbers(0x00281052)[0];
  const signed = pixelRepresentation === 1;
  return {
    rows: required(elements, 0x00280010, "(0028,0010) Rows"),
    columns: required(elements, 0x00280011, "(0028,0011) Columns"),
    samplesPerPixel: elements.numbers(0x00280002)[0] ?? 1,
    bitsAllocated: required(elements, 0x00280100, "(0028,0100) Bits Allocated"),
    bitsStored: elements.numbers(0x00280101)[0],
    highBit: elements.numbers(0x00280102)[0],
    pixelRepresentation,
    photometricInterpretation: requiredText(elements, 0x00280004, "(0028,0004) Photometric Interpretation"),
    planarConfiguration: elements.numbers(0x00280006)[0],
    pixels: elements.has(FLOAT_PIXELS) ? "float" : elements.has(DOUBLE_PIXELS) ? "double" : "integer",
    rescaleSlope: transformation.numbers(0x00281053)[0],
    rescaleIntercept,
    modalityLut: NOT_FOR_DISPLAY.has(elements.text(0x00080016) ?? "")
      ? undefined
      : tableIn(elements, 0x00283000, signed, "(0028,3000) Modality LUT Sequence"),
    windows: windowsIn(voi),
    voiFunction: voi.text(0x00281056),
    voiLut: tableIn(elements, 0x00283010, signed || (rescaleIntercept ?? 0) < 0, "(0028,3010) VOI LUT Sequence"),
    presentationShape: elements.text(0x20500020),
    palette: paletteIn(elements),
    pixelPadding: elements.numbers(0x00280120)[0],
    pixelPaddingLimit: elements.numbers(0x00280121)[0],
    pixelAspect: aspectOf(elements, firstWith(groups, 0x00289110)),
  };
}

/** Where a functional group may stand, the frame's own before the shared ones. */
function functionalGroups(elements: PixelElements, frame: number): PixelElements[] {
  const own = elements.items(0x52009230)[frame - 1];
  const shared = elements.items(0x52009229)[0];
  return [own, shared].filter((group) => group !== undefined);
}

function firstWith(groups: readonly PixelElements[], tag: number): PixelElements | undefined {
  for (const group of groups) {
    const item = group.items(tag)[0];
    if (item !== undefined) return item;
  }
  return undefined;
}

function windowsIn(elements: PixelElements): Window[] {
  const widths = elements.numbers(0x00281051);
  return elements.numbers(0x00281050).flatMap((center, index) => {
    const width = widths[index];
    return width === undefined ? [] : [{ center, width }];
  });
}

function tableIn(elements: PixelElements, sequence: number, signed: boolean, place: string): Lut | undefined {
  const item = elements.items(sequence)[0];
  const words = item?.words(0x00283006);
  if (item === undefined || words === undefined) return undefined;
  return readLut(item.numbers(0x00283002), words, signed, place);
}

function paletteIn(elements: PixelElements): Palette | undefined {
  if (!elements.has(0x00281101)) return undefined;
  const [red, green, blue] = [0, 1, 2].map((primary) => primaryIn(elements, primary));
  return red && green && blue ? { red, green, blue } : undefined;
}

/** (0028,1101) to (0028,1103) describe, (0028,1201) to (0028,1203) or, segmented, (0028,1221) to (0028,1223) hold the data. */
function primaryIn(elements: PixelElements, primary: number): Lut | undefined {
  const place = `(0028,120${primary + 1}) Palette Color Lookup Table Data`;
  const descriptor = elements.numbers(0x00281101 + primary);
  const plain = elements.words(0x00281201 + primary);
  const segmented = elements.words(0x00281221 + primary);
  const words = plain ?? (segmented === undefined ? undefined : expandSegments(segmented, descriptor[2] ?? 16, place));
  return words === undefined ? undefined : readLut(descriptor, words, elements.numbers(0x00280103)[0] === 1, place);
}

/** Vertical over horizontal size of a pixel, where it is not one: Pixel Aspect Ratio, else the spacings. */
function aspectOf(elements: PixelElements, measures: PixelElements | undefined): number | undefined {
  const ratio = elements.numbers(0x00280034);
  const spacing = (measures ?? elements).numbers(0x00280030);
  const [vertical, horizontal] = ratio.length === 2 ? ratio : spacing;
  if (vertical === undefined || horizontal === undefined || !(vertical > 0 && horizontal > 0)) return undefined;
  return Math.abs(vertical / horizontal - 1) < 0.001 ? undefined : vertical / horizontal;
}

function required(elements: PixelElements, tag: number, place: string): number {
  const value = elements.numbers(tag)[0];
  if (value === undefined) throw missing(place);
  return value;
}

function requiredText(elements: PixelElements, tag: number, place: string): string {
  const value = elements.text(tag);
  if (value === undefined) throw missing(place);
  return value;
}

function missing(place: string): Fault {
  return new Fault("dicom.missing", `An image needs ${place}.`, { place });
}
