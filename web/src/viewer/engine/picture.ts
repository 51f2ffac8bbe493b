import { type Types, utilities } from "@cornerstonejs/core";
import type { Lut, PixelAttributes } from "#standards/pixels/attributes.ts";
import { throughPalette } from "#standards/pixels/colour.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";
import type { Samples } from "#standards/pixels/native.ts";
import { modalityOf, showsInverse, voiOf } from "#standards/pixels/picture.ts";
import type { VoiFunction } from "#standards/pixels/window.ts";
import type { Frame, Window } from "../dicom/frames.ts";
import type { Decoded } from "./decode.ts";
import { calibrationOf } from "./metadata.ts";

/** Pixels ready to be shown: grey ones in the units of the modality, colours as RGB, with the window they want. */
export type Shown = {
  readonly pixels: Uint8Array | Int16Array | Uint16Array | Float32Array;
  readonly colour: boolean;
  readonly window: Window;
  readonly voiFunction: VoiFunction;
  /** The image's own VOI LUT, which shows it until a window is chosen. */
  readonly voiTable?: Lut | undefined;
  readonly inverse: boolean;
  /** Made by the server: good to look at, not to read values from. */
  readonly rendered: boolean;
  readonly lossy: boolean;
};

export function shownOf(attributes: PixelAttributes, format: PixelFormat, decoded: Decoded): Shown {
  const { lossy } = decoded;
  if ("rgb" in decoded) return { ...ofRgb(decoded.rgb), lossy };
  if (format.photometricInterpretation === "PALETTE COLOR") {
    if (!attributes.palette) throw new Error("The palette is missing.");
    return { ...ofRgb(throughPalette(attributes.palette, decoded.grey)), lossy };
  }
  const { window, how, table } = voiOf(format, attributes, decoded.grey, modalityOf(attributes));
  return {
    pixels: throughModality(attributes, decoded.grey),
    colour: false,
    window,
    voiFunction: how,
    voiTable: table,
    inverse: showsInverse(attributes),
    rendered: false,
    lossy,
  };
}

export function ofRgb(rgb: Uint8Array): Shown {
  const window = { center: 128, width: 256 };
  return { pixels: rgb, colour: true, window, voiFunction: "LINEAR", inverse: false, rendered: false, lossy: false };
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
