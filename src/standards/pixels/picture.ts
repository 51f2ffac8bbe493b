import { Fault } from "#kit/fault.ts";
import type { Lut, PixelAttributes, Window } from "#standards/pixels/attributes.ts";
import { throughPalette, toRgb } from "#standards/pixels/colour.ts";
import { isColour, type PixelFormat } from "#standards/pixels/format.ts";
import { lookUp } from "#standards/pixels/lut.ts";
import type { Samples } from "#standards/pixels/native.ts";
import {
  percentiles,
  throughWindow,
  usable,
  type VoiFunction,
  voiFunctionOf,
  windowOver,
} from "#standards/pixels/window.ts";

/** Eight bits per sample, rows × columns × channels: grey (1) or RGB (3). */
export type Picture = { width: number; height: number; channels: 1 | 3; data: Uint8Array };

/** What the viewer chose: a window in place of those in the data set, and inversion on top of what the data set asks for. */
export type Choice = {
  window?: Window | undefined;
  voiFunction?: VoiFunction | undefined;
  invert?: boolean | undefined;
};

/**
 * Stored samples (rows × columns × samples, interleaved) through the whole chain of PS3.3 §C.11 and PS3.4 §N.2: modality LUT,
 * values of interest, presentation; or through palette or colour space. Throws `dicom.malformed` when a palette is missing.
 */
export function toPicture(
  format: PixelFormat,
  attributes: PixelAttributes,
  samples: Samples,
  choice: Choice = {},
): Picture {
  const size = { width: format.columns, height: format.rows };
  if (isColour(format.photometricInterpretation)) {
    return { ...size, channels: 3, data: inverted(toRgb(format, samples), choice.invert === true) };
  }
  if (format.photometricInterpretation === "PALETTE COLOR") {
    if (attributes.palette === undefined) {
      throw new Fault("dicom.malformed", "A palette image needs its palette.", {
        place: "(0028,1201) Red Palette Color Lookup Table Data",
      });
    }
    return {
      ...size,
      channels: 3,
      data: inverted(throughPalette(attributes.palette, samples), choice.invert === true),
    };
  }
  return { ...size, channels: 1, data: toGrey(format, attributes, samples, choice) };
}

function inverted(data: Uint8Array, invert: boolean): Uint8Array {
  return invert ? data.map((value) => 255 - value) : data;
}

function toGrey(format: PixelFormat, attributes: PixelAttributes, samples: Samples, choice: Choice): Uint8Array {
  const modality = modalityOf(attributes);
  const brightness = brightnessOf(format, attributes, samples, modality, choice);
  const dark = showsInverse(attributes) !== (choice.invert === true);
  const shade = (stored: number): number => {
    const bright = brightness(modality(stored));
    return Math.round((dark ? 1 - bright : bright) * 255);
  };
  const grey = new Uint8Array(samples.length);
  if (format.pixels !== "integer" || format.bitsStored > 16) {
    for (let at = 0; at < samples.length; at++) {
      const stored = samples[at] ?? 0;
      grey[at] = Number.isNaN(stored) ? 0 : shade(stored);
    }
    return grey;
  }
  const least = format.pixelRepresentation === 1 ? -(2 ** (format.bitsStored - 1)) : 0;
  const table = new Uint8Array(2 ** format.bitsStored);
  for (let at = 0; at < table.length; at++) table[at] = shade(least + at);
  for (let at = 0; at < samples.length; at++) grey[at] = table[(samples[at] ?? 0) - least] ?? 0;
  return grey;
}

/** PS3.3 §C.11.1: stored value to modality unit, by table or by slope and intercept; without either, as it is. */
export function modalityOf(attributes: PixelAttributes): (stored: number) => number {
  const lut = attributes.modalityLut;
  if (lut !== undefined) return (stored) => lookUp(lut, stored);
  const slope = attributes.rescaleSlope;
  const intercept = attributes.rescaleIntercept ?? 0;
  if (slope === undefined || slope === 0 || !Number.isFinite(slope) || !Number.isFinite(intercept))
    return (stored) => stored;
  return (stored) => stored * slope + intercept;
}

/** The viewer's window, else what the image asks for. */
function brightnessOf(
  format: PixelFormat,
  attributes: PixelAttributes,
  samples: Samples,
  modality: (stored: number) => number,
  choice: Choice,
): (value: number) => number {
  const how = choice.voiFunction ?? voiFunctionOf(attributes.voiFunction);
  if (usable(choice.window, how)) return windowed(choice.window, how);
  const voi = voiOf(format, attributes, samples, modality);
  const { table } = voi;
  if (table === undefined) return windowed(voi.window, voi.how);
  const most = 2 ** table.bits - 1;
  return (value) => Math.min(1, lookUp(table, value) / most);
}

/** Values of interest: a window in modality units and how it is applied; where there is a table, the window is the table's range and the table decides. */
export type Voi = { window: Window; how: VoiFunction; table?: Lut | undefined };

/**
 * What an image shows when nobody chose (PS3.3 §C.11.2): the first usable window of the data set, else its VOI LUT, else what the
 * pixels suggest. Everything that shows this image asks here, so that all of it looks the same.
 */
export function voiOf(
  format: PixelFormat,
  attributes: PixelAttributes,
  samples: Samples,
  modality: (stored: number) => number,
): Voi {
  const how = voiFunctionOf(attributes.voiFunction);
  const given = attributes.windows?.find((window) => usable(window, how));
  if (given !== undefined) return { window: given, how };
  const table = attributes.voiLut;
  if (table !== undefined) {
    const last = table.first + table.values.length - 1;
    return { window: windowOver(table.first, last, "LINEAR_EXACT"), how: "LINEAR_EXACT", table };
  }
  return { window: automaticWindow(format, attributes, samples, modality), how: "LINEAR_EXACT" };
}

/** Whether an image shows low values bright: by its Photometric Interpretation or its Presentation LUT Shape (PS3.3 §C.11.6). */
export const showsInverse = ({ photometricInterpretation, presentationShape }: PixelAttributes): boolean =>
  photometricInterpretation === "MONOCHROME1" || presentationShape?.trim() === "INVERSE";

function windowed(window: Window, how: VoiFunction): (value: number) => number {
  return (value) => throughWindow(value, window, how);
}

/**
 * When nothing says how to look: up to eight bits as they are; deeper pixels between their 0.5th and 99.5th percentile,
 * padding left out. For LINEAR_EXACT, in modality units.
 */
export function automaticWindow(
  format: PixelFormat,
  attributes: PixelAttributes,
  samples: Samples,
  modality: (stored: number) => number,
): Window {
  if (format.pixels === "integer" && format.bitsStored <= 8) {
    const least = format.pixelRepresentation === 1 ? -(2 ** (format.bitsStored - 1)) : 0;
    const ends = [modality(least), modality(least + 2 ** format.bitsStored - 1)];
    return windowOver(Math.min(...ends), Math.max(...ends), "LINEAR_EXACT");
  }
  const pixelPadding = asStored(format, attributes.pixelPadding);
  const pixelPaddingLimit = asStored(format, attributes.pixelPaddingLimit) ?? pixelPadding;
  const low = Math.min(pixelPadding ?? Number.NaN, pixelPaddingLimit ?? Number.NaN);
  const high = Math.max(pixelPadding ?? Number.NaN, pixelPaddingLimit ?? Number.NaN);
  const found = percentiles(samples, 0.005, 0.995, (value) => value >= low && value <= high) ?? [0, 1];
  const ends = found.map(modality);
  return windowOver(Math.min(...ends), Math.max(...ends), "LINEAR_EXACT");
}

/** A padding value as a sample: signed pixels' padding is often written under the unsigned of its two representations (PS3.3 §C.7.5.1.1.2). */
function asStored(
  { pixelRepresentation, bitsAllocated }: PixelFormat,
  padding: number | undefined,
): number | undefined {
  if (padding === undefined || pixelRepresentation === 0 || bitsAllocated > 16) return padding;
  return padding >= 2 ** (bitsAllocated - 1) ? padding - 2 ** bitsAllocated : padding;
}
