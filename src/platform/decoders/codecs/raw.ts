import { Fault } from "#kit/fault.ts";
import type { CodestreamHeader } from "#standards/pixels/codestream.ts";
import type { Photometric, PixelFormat } from "#standards/pixels/format.ts";

/** What a codec leaves in its memory: samples of one or two bytes by the header's precision, whole planes or pixel by pixel. */
export type Raw = { pixels: Uint8Array; planar: boolean };

/**
 * A codec's output as native pixels in the container that Bits Allocated asks for, with the format that now holds: colour as
 * the code stream left it, one-bit images as bytes. Throws `decoder.failed` when the codec gave another number of bytes.
 */
export function afterDecoding(
  format: PixelFormat,
  header: CodestreamHeader,
  raw: Raw,
): { pixels: Uint8Array; format: PixelFormat } {
  const samples = header.width * header.height * header.components;
  const size = header.precision > 8 ? 2 : 1;
  if (raw.pixels.length !== samples * size)
    throw new Fault("decoder.failed", "The decoder gave another number of pixels than the frame announced.");
  const bitsAllocated = format.bitsAllocated === 1 ? 8 : format.bitsAllocated;
  const pixels =
    size * 8 === bitsAllocated ? raw.pixels.slice() : widened(raw.pixels, size, bitsAllocated / 8, header.signed);
  return {
    pixels,
    format: {
      ...format,
      ...storedBits(format, header),
      bitsAllocated,
      planarConfiguration: raw.planar ? 1 : 0,
      photometricInterpretation: coloursNow(format.photometricInterpretation, header),
    },
  };
}

/** Lossy streams deeper than Bits Stored may overshoot it: then the stream's own depth counts, or bright pixels would turn black. */
function storedBits(format: PixelFormat, header: CodestreamHeader): Pick<PixelFormat, "bitsStored" | "highBit"> {
  if (header.precision <= format.bitsStored) return { bitsStored: format.bitsStored, highBit: format.bitsStored - 1 };
  if (header.lossy === true && format.pixelRepresentation === 0)
    return { bitsStored: header.precision, highBit: header.precision - 1 };
  return { bitsStored: format.bitsStored, highBit: format.highBit };
}

/** PS3.5 §8.2: what the samples are once the codec is done with them. The stream knows better than the attribute. */
function coloursNow(labelled: Photometric, header: CodestreamHeader): Photometric {
  if (header.components !== 3) return labelled;
  if (header.colour !== undefined) return header.colour === "RGB" ? "RGB" : "YBR_FULL";
  if (header.componentTransform === true) return "RGB";
  switch (labelled) {
    case "YBR_FULL_422":
    case "YBR_ICT":
    case "YBR_RCT":
      return "YBR_FULL";
    default:
      return labelled;
  }
}

function widened(pixels: Uint8Array, from: number, to: number, signed: boolean): Uint8Array {
  const wide = new Uint8Array((pixels.length / from) * to);
  for (let sample = 0; sample * from < pixels.length; sample++) {
    const top = pixels[sample * from + from - 1] ?? 0;
    const fill = signed && top > 127 ? 0xff : 0;
    for (let byte = 0; byte < to; byte++)
      wide[sample * to + byte] = byte < from ? (pixels[sample * from + byte] ?? 0) : fill;
  }
  return wide;
}
