import { Fault } from "#kit/fault.ts";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";

/** PS3.3 §C.7.6.3.1.2, those that can be shown. */
export const PHOTOMETRIC = [
  "MONOCHROME1",
  "MONOCHROME2",
  "PALETTE COLOR",
  "RGB",
  "YBR_FULL",
  "YBR_FULL_422",
  "YBR_PARTIAL_422",
  "YBR_PARTIAL_420",
  "YBR_ICT",
  "YBR_RCT",
  "XYB",
] as const;
export type Photometric = (typeof PHOTOMETRIC)[number];

/** PS3.3 §C.7.6.3, checked: what one frame's bytes mean. */
export type PixelFormat = {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: 1 | 3;
  readonly bitsAllocated: 1 | 8 | 16 | 32 | 64;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly pixelRepresentation: 0 | 1;
  readonly photometricInterpretation: Photometric;
  readonly planarConfiguration: 0 | 1;
  readonly pixels: "integer" | "float" | "double";
};

/** No single frame may need more than this many bytes unless the caller says otherwise. */
export const MAX_FRAME_BYTES = 512 * 1024 * 1024;

/**
 * The checked meaning of one frame. Missing Bits Stored, High Bit and Planar Configuration take their only sensible value.
 * Throws `dicom.malformed` naming the element that cannot be, `dicom.undecodable` for what nobody can show, and
 * `input.too-large` when one frame needs more than `maxFrameBytes` bytes. PS3.3 §C.7.6.3.
 */
export function readPixelFormat(attributes: PixelAttributes, maxFrameBytes: number = MAX_FRAME_BYTES): PixelFormat {
  const pixels = attributes.pixels ?? "integer";
  const samplesPerPixel = attributes.samplesPerPixel;
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3) {
    if (!whole(samplesPerPixel, 1, 65535)) throw malformed("(0028,0002) Samples per Pixel", "a whole number from 1");
    throw new Fault("dicom.undecodable", "Only one or three samples per pixel can be shown.", {
      place: "(0028,0002) Samples per Pixel",
    });
  }
  const bits = readBits(attributes, pixels);
  const photometricInterpretation = readPhotometric(attributes.photometricInterpretation, samplesPerPixel);
  const pixelRepresentation = attributes.pixelRepresentation ?? 0;
  if (pixelRepresentation !== 0 && pixelRepresentation !== 1)
    throw malformed("(0028,0103) Pixel Representation", "0 or 1");
  const planarConfiguration = samplesPerPixel === 1 ? 0 : (attributes.planarConfiguration ?? 0);
  if (planarConfiguration !== 0 && planarConfiguration !== 1)
    throw malformed("(0028,0006) Planar Configuration", "0 or 1");
  if (!whole(attributes.rows, 1, 65535)) throw malformed("(0028,0010) Rows", "from 1 to 65535");
  if (!whole(attributes.columns, 1, 65535)) throw malformed("(0028,0011) Columns", "from 1 to 65535");
  const format: PixelFormat = {
    rows: attributes.rows,
    columns: attributes.columns,
    samplesPerPixel,
    ...bits,
    pixelRepresentation,
    photometricInterpretation,
    planarConfiguration,
    pixels,
  };
  if (decodedBytes(format) > maxFrameBytes) {
    throw new Fault("input.too-large", `One frame may need at most ${maxFrameBytes} bytes.`, {
      place: "(0028,0010) Rows × (0028,0011) Columns",
    });
  }
  return format;
}

type Bits = Pick<PixelFormat, "bitsAllocated" | "bitsStored" | "highBit">;

function readBits(attributes: PixelAttributes, pixels: PixelFormat["pixels"]): Bits {
  if (pixels !== "integer") {
    const bitsAllocated = pixels === "float" ? 32 : 64;
    if (attributes.bitsAllocated !== bitsAllocated) throw malformed("(0028,0100) Bits Allocated", `${bitsAllocated}`);
    return { bitsAllocated, bitsStored: bitsAllocated, highBit: bitsAllocated - 1 };
  }
  const bitsAllocated = attributes.bitsAllocated;
  if (bitsAllocated !== 1 && bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32) {
    throw malformed("(0028,0100) Bits Allocated", "1, 8, 16 or 32");
  }
  const bitsStored = attributes.bitsStored ?? bitsAllocated;
  if (!whole(bitsStored, 1, bitsAllocated)) throw malformed("(0028,0101) Bits Stored", `from 1 to ${bitsAllocated}`);
  const highBit = attributes.highBit ?? bitsStored - 1;
  if (!whole(highBit, bitsStored - 1, bitsAllocated - 1)) {
    throw malformed("(0028,0102) High Bit", `from ${bitsStored - 1} to ${bitsAllocated - 1}`);
  }
  return { bitsAllocated, bitsStored, highBit };
}

function readPhotometric(text: string, samplesPerPixel: number): Photometric {
  const photometric = PHOTOMETRIC.find((known) => known === text.trim());
  if (photometric === undefined) {
    throw new Fault("dicom.undecodable", "This photometric interpretation cannot be shown.", {
      place: "(0028,0004) Photometric Interpretation",
    });
  }
  if (isColour(photometric) !== (samplesPerPixel === 3)) {
    throw malformed("(0028,0002) Samples per Pixel", "in agreement with Photometric Interpretation");
  }
  return photometric;
}

/** Three samples per pixel. */
export function isColour(photometric: Photometric): boolean {
  return !(photometric === "MONOCHROME1" || photometric === "MONOCHROME2" || photometric === "PALETTE COLOR");
}

/** Bits of one native frame. YBR_FULL_422 and YBR_PARTIAL_422 have two samples per pixel (PS3.3 §C.7.6.3.1.2), 420 one and a half. */
export function frameBits(format: PixelFormat): number {
  const pixels = format.rows * format.columns;
  const photometric = format.photometricInterpretation;
  if (photometric === "YBR_FULL_422" || photometric === "YBR_PARTIAL_422") {
    return format.rows * (format.columns + (format.columns % 2)) * 2 * format.bitsAllocated;
  }
  if (photometric === "YBR_PARTIAL_420") return pixels * 1.5 * format.bitsAllocated;
  return pixels * format.samplesPerPixel * format.bitsAllocated;
}

/** Bytes of one native frame that stands alone. At most 65535² × 3 × 8: exact in a double. */
export function frameBytes(format: PixelFormat): number {
  return Math.ceil(frameBits(format) / 8);
}

/** Bytes of one frame once every pixel has all its samples: rows × columns × samples × bytes per sample. */
export function decodedBytes(format: PixelFormat): number {
  return format.rows * format.columns * format.samplesPerPixel * Math.ceil(format.bitsAllocated / 8);
}

/** Bytes `offset` to `offset + length` of Pixel Data; the first `skipBits` bits of them belong to the frame before. */
export type FrameRange = { offset: number; length: number; skipBits: number };

/**
 * Where native frame `index` (from 0) stands in Pixel Data. One-bit frames are packed without a gap (PS3.5 §8.1.1), and frames
 * of odd length begin within a word: the range is widened to whole `unit`s, which is what `bigEndianUnit` says for Explicit VR
 * Big Endian and 1 elsewhere. `cutNativeFrame` makes the frame of it.
 */
export function nativeFrameRange(format: PixelFormat, index: number, unit: 1 | 2 | 4 | 8 = 1): FrameRange {
  const bits = frameBits(format);
  const start = bits * index;
  if (!Number.isSafeInteger(start + bits)) throw malformed("(0028,0008) Number of Frames", "within the pixel data");
  const offset = Math.floor(start / 8 / unit) * unit;
  const end = Math.ceil((start + bits) / 8 / unit) * unit;
  return { offset, length: end - offset, skipBits: start - offset * 8 };
}

function whole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function malformed(place: string, expected: string): Fault {
  return new Fault("dicom.malformed", `${place} must be ${expected}.`, { place });
}
