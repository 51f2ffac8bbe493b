import { Fault } from "#kit/fault.ts";
import type { Lut, Palette } from "#standards/pixels/attributes.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";
import { lookUp } from "#standards/pixels/lut.ts";
import type { Samples } from "#standards/pixels/native.ts";

/**
 * Interleaved colour samples (rows × columns × 3) as eight-bit RGB. Deeper samples are scaled by Bits Stored. What a codec
 * already turned into RGB must be labelled RGB: YBR_RCT has no meaning without its codec. PS3.3 §C.7.6.3.1.2.
 * Throws `dicom.undecodable` for what cannot be shown.
 */
export function toRgb(format: PixelFormat, samples: Samples): Uint8Array {
  const eight = toEightBits(format, samples);
  switch (format.photometricInterpretation) {
    case "RGB":
      return eight;
    case "YBR_FULL":
    case "YBR_FULL_422":
    case "YBR_ICT":
      return fromYbrFull(eight);
    case "YBR_PARTIAL_422":
      return fromYbrPartial(eight);
    default:
      throw new Fault("dicom.undecodable", "These colours cannot be shown without the codec that made them.", {
        place: "(0028,0004) Photometric Interpretation",
      });
  }
}

function toEightBits(format: PixelFormat, samples: Samples): Uint8Array {
  if (samples instanceof Uint8Array && format.bitsStored === 8) return samples;
  const signed = format.pixelRepresentation === 1;
  const most = 2 ** format.bitsStored - 1;
  const offset = signed ? 2 ** (format.bitsStored - 1) : 0;
  const eight = new Uint8Array(samples.length);
  for (let at = 0; at < eight.length; at++) eight[at] = Math.round((((samples[at] ?? 0) + offset) * 255) / most);
  return eight;
}

/** ITU-R BT.601 at full range, as JPEG has it. */
function fromYbrFull(ybr: Uint8Array): Uint8Array {
  const rgb = new Uint8ClampedArray(ybr.length);
  for (let at = 0; at + 2 < ybr.length; at += 3) {
    const y = ybr[at] ?? 0;
    const cb = (ybr[at + 1] ?? 0) - 128;
    const cr = (ybr[at + 2] ?? 0) - 128;
    rgb[at] = y + 1.402 * cr;
    rgb[at + 1] = y - 0.344136 * cb - 0.714136 * cr;
    rgb[at + 2] = y + 1.772 * cb;
  }
  return new Uint8Array(rgb.buffer);
}

/** ITU-R BT.601 at video range: luminance from 16 to 235, chroma from 16 to 240. */
function fromYbrPartial(ybr: Uint8Array): Uint8Array {
  const rgb = new Uint8ClampedArray(ybr.length);
  for (let at = 0; at + 2 < ybr.length; at += 3) {
    const y = 1.1644 * ((ybr[at] ?? 0) - 16);
    const cb = (ybr[at + 1] ?? 0) - 128;
    const cr = (ybr[at + 2] ?? 0) - 128;
    rgb[at] = y + 1.596 * cr;
    rgb[at + 1] = y - 0.3917 * cb - 0.8129 * cr;
    rgb[at + 2] = y + 2.0173 * cb;
  }
  return new Uint8Array(rgb.buffer);
}

/** Palette indices as eight-bit RGB; tables deeper than eight bits give their most significant ones (PS3.3 §C.7.6.3.1.6). */
export function throughPalette(palette: Palette, samples: Samples): Uint8Array {
  const rgb = new Uint8Array(samples.length * 3);
  const tables = [palette.red, palette.green, palette.blue].map((lut) => ({ lut, shift: shiftOf(lut) }));
  for (const [channel, { lut, shift }] of tables.entries()) {
    for (let at = 0; at < samples.length; at++) rgb[at * 3 + channel] = lookUp(lut, samples[at] ?? 0) >> shift;
  }
  return rgb;
}

/** Some writers say 16 bits and mean 8: a table that never passes 255 is taken at its word's value. */
function shiftOf(lut: Lut): number {
  if (lut.bits <= 8) return 0;
  return lut.values.some((value) => value > 255) ? lut.bits - 8 : 0;
}
