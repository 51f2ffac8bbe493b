import { Fault } from "#kit/fault.ts";
import type { PixelAttributes, Window } from "#standards/pixels/attributes.ts";
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
  const dark =
    (format.photometricInterpretation === "MONOCHROME1" || attributes.presentationShape?.trim() === "INVERSE") !==
    (choice.invert === true);
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

/** The viewer's window, else the first usable one of the data set, else its VOI LUT, else what the pixels suggest. */
function brightnessOf(
  format: PixelFormat,
  attributes: PixelAttributes,
  samples: Samples,
  modality: (stored: number) => number,
  choice: Choice,
): (value: number) => number {
  const how = choice.voiFunction ?? voiFunctionOf(attributes.voiFunction);
  if (usable(choice.window, how)) return windowed(choice.window, how);
  const own = voiFunctionOf(attributes.voiFunction);
  const given = attributes.windows?.find((window) => usable(window, own));
  if (given !== undefined) return windowed(given, own);
  const lut = attributes.voiLut;
  if (lut !== undefined) {
    const most = 2 ** lut.bits - 1;
    return (value) => Math.min(1, lookUp(lut, value) / most);
  }
  return windowed(automaticWindow(format, attributes, samples, modality), "LINEAR_EXACT");
}

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
  const { pixelPadding, pixelPaddingLimit = pixelPadding } = attributes;
  const low = Math.min(pixelPadding ?? Number.NaN, pixelPaddingLimit ?? Number.NaN);
  const high = Math.max(pixelPadding ?? Number.NaN, pixelPaddingLimit ?? Number.NaN);
  const found = percentiles(samples, 0.005, 0.995, (value) => value >= low && value <= high) ?? [0, 1];
  const ends = found.map(modality);
  return windowOver(Math.min(...ends), Math.max(...ends), "LINEAR_EXACT");
}
