import { type Types, utilities } from "@cornerstonejs/core";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { throughPalette } from "#standards/pixels/colour.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";
import type { Samples } from "#standards/pixels/native.ts";
import { modalityOf } from "#standards/pixels/picture.ts";
import { percentiles, usable, voiFunctionOf, windowOver } from "#standards/pixels/window.ts";
import type { Frame, Window } from "../dicom/frames.ts";
import type { Decoded } from "./decode.ts";
import { calibrationOf } from "./metadata.ts";

/** Pixels ready to be shown: grey ones in the units of the modality, colours as RGB, with the window they want. */
export type Shown = {
  readonly pixels: Uint8Array | Int16Array | Uint16Array | Float32Array;
  readonly colour: boolean;
  readonly window: Window;
  readonly voiFunction: string;
  readonly inverse: boolean;
  /** Made by the server: good to look at, not to read values from. */
  readonly rendered: boolean;
  readonly lossy: boolean;
};

export function shownOf(frame: Frame, held: PixelAttributes, format: PixelFormat, decoded: Decoded): Shown {
  const { lossy } = decoded;
  if ("rgb" in decoded) return { ...ofRgb(decoded.rgb), lossy };
  if (format.photometricInterpretation === "PALETTE COLOR") {
    if (!held.palette) throw new Error("The palette is missing.");
    return { ...ofRgb(throughPalette(held.palette, decoded.grey)), lossy };
  }
  // PS3.3 §C.8.7.1.1.2: the modality table of X-ray angiography and fluoroscopy is not for display.
  const attributes = NOT_FOR_DISPLAY.has(frame.sopClass) ? { ...held, modalityLut: undefined } : held;
  const pixels = throughModality(attributes, decoded.grey);
  const voiFunction = voiFunctionOf(attributes.voiFunction);
  const inverse =
    format.photometricInterpretation === "MONOCHROME1" || attributes.presentationShape?.trim() === "INVERSE";
  const window = windowFor(frame, attributes, pixels);
  return { pixels, colour: false, window, voiFunction, inverse, rendered: false, lossy };
}

const NOT_FOR_DISPLAY = new Set(["1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"]);
/** What an abdomen and most else can be judged in, where the image names no window. */
const CT_WINDOW: Window = { center: 40, width: 400 };

export function ofRgb(rgb: Uint8Array): Shown {
  const window = { center: 128, width: 256 };
  return { pixels: rgb, colour: true, window, voiFunction: "LINEAR", inverse: false, rendered: false, lossy: false };
}

/** The image's own window, the range of its VOI table, the customary one of CT, or all but the outermost half percent of its values. */
function windowFor(frame: Frame, attributes: PixelAttributes, pixels: Shown["pixels"]): Window {
  const how = voiFunctionOf(attributes.voiFunction);
  const own = frame.windows[0] ?? attributes.windows?.[0];
  if (usable(own, how)) return own;
  if (attributes.voiLut) {
    const { first, values } = attributes.voiLut;
    return windowOver(first, first + values.length - 1, how);
  }
  if (frame.units === "HU") return CT_WINDOW;
  const padding = attributes.pixelPadding === undefined ? undefined : modalityOf(attributes)(attributes.pixelPadding);
  const [low, high] = percentiles(pixels, 0.005, 0.995, (value) => value === padding) ?? [0, 1];
  return windowOver(low, high, how);
}

/** Stored values through rescale or modality table, in the smallest array that holds the result exactly. */
function throughModality(attributes: PixelAttributes, stored: Samples): Shown["pixels"] {
  const { rescaleSlope: slope = 1, rescaleIntercept: intercept = 0, modalityLut } = attributes;
  if (!modalityLut && slope === 1 && intercept === 0) return narrow(stored);
  const result = new Float32Array(stored.length);
  const map = modalityLut ? modalityOf(attributes) : (value: number) => value * slope + intercept;
  for (let at = 0; at < stored.length; at++) result[at] = map(stored[at] ?? 0);
  return modalityLut || (Number.isInteger(slope) && Number.isInteger(intercept)) ? narrow(result) : result;
}

function narrow(values: Samples): Shown["pixels"] {
  if (values instanceof Uint8Array || values instanceof Int16Array || values instanceof Uint16Array) return values;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let whole = true;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (value < least) least = value;
    if (value > most) most = value;
    whole &&= Number.isInteger(value);
  }
  if (whole && least >= -32_768 && most <= 32_767) return Int16Array.from(values);
  if (whole && least >= 0 && most <= 65_535) return Uint16Array.from(values);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** What Cornerstone keeps and draws. Rescale is already in the values, so that everything it measures is in the modality's units. */
export function imageOf(imageId: string, frame: Frame, shown: Shown): Types.IImage {
  const { pixels, colour, window } = shown;
  const components = colour ? 3 : 1;
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    scalarData: pixels,
    width: frame.columns,
    height: frame.rows,
    numberOfComponents: components,
  });
  const [low, high] = extent(pixels);
  const [vertical, horizontal] = frame.spacing ?? [frame.aspect[0] / frame.aspect[1], 1];
  const image = {
    imageId,
    dataType: pixels.constructor.name,
    color: colour,
    rgba: false,
    numberOfComponents: components,
    rows: frame.rows,
    columns: frame.columns,
    height: frame.rows,
    width: frame.columns,
    rowPixelSpacing: vertical,
    columnPixelSpacing: horizontal,
    calibration: calibrationOf(frame),
    slope: 1,
    intercept: 0,
    invert: shown.inverse,
    minPixelValue: low,
    maxPixelValue: high,
    windowCenter: window.center,
    windowWidth: window.width,
    voiLUTFunction: shown.voiFunction,
    sizeInBytes: pixels.byteLength,
    imageFrame: { photometricInterpretation: colour ? "RGB" : frame.photometric },
    voxelManager,
    getPixelData: () => pixels,
    getCanvas: undefined,
    shown,
  };
  return image as unknown as Types.IImage;
}

/** Our own part of an image that Cornerstone hands back. */
export function shownIn(image: unknown): Shown | undefined {
  return (image as { shown?: Shown } | undefined)?.shown;
}

function extent(values: ArrayLike<number>): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [0, 0];
}
