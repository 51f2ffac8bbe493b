import { Fault } from "#kit/fault.ts";
import { EXPLICIT_LE, transferSyntaxOrPrivate } from "#standards/dicom/transfer-syntaxes.ts";
import {
  type CodestreamHeader,
  checkHeader,
  readJpeg2000Header,
  readJpegHeader,
} from "#standards/pixels/codestream.ts";
import { toRgb } from "#standards/pixels/colour.ts";
import { frameBytes, isColour, type PixelFormat } from "#standards/pixels/format.ts";
import { readJpegXlHeader } from "#standards/pixels/jpegxl.ts";
import { bigEndianUnit, readSamples, type Samples, swapBytes } from "#standards/pixels/native.ts";
import { decodeRle } from "#standards/pixels/rle.ts";
import { askCodec, biasOf12Bits } from "./codecs.ts";
import { jpegInColour } from "./jpeg-picture.ts";

/** Stored values of one frame, one per pixel, or finished eight-bit RGB; `lossy` as the code stream itself shows. */
export type Decoded = ({ readonly grey: Samples } | { readonly rgb: Uint8Array }) & { readonly lossy: boolean };

/** Decodes a frame as it is stored. Throws a Fault or whatever a codec throws: the caller then asks the server for a picture. */
export async function decode(format: PixelFormat, transferSyntax: string, bytes: Uint8Array): Promise<Decoded> {
  const { pixels, bigEndian } = transferSyntaxOrPrivate(transferSyntax === "" ? EXPLICIT_LE : transferSyntax);
  switch (pixels) {
    case "native":
      return fromNative(format, bigEndian ? swapBytes(bytes, bigEndianUnit(format, orderedAs(format))) : bytes);
    case "deflate":
      return fromNative(format, await inflated(format, bytes));
    case "rle":
      return fromRle(format, bytes);
    case "jpeg":
      return fromJpeg(format, bytes);
    case "jpeg-ls":
      return fromCodec(format, readJpegHeader(bytes), "1.2.840.10008.1.2.4.80", bytes);
    case "jpeg-2000":
    case "jpeg-2000-part-2":
    case "htj2k":
      return fromCodec(format, readJpeg2000Header(bytes), transferSyntax, bytes);
    case "jpeg-xl":
      return fromCodec(format, readJpegXlHeader(bytes), transferSyntax, bytes);
    default:
      throw new Fault("dicom.undecodable", "No codec here reads this transfer syntax.");
  }
}

const orderedAs = ({ pixels, bitsAllocated }: PixelFormat) =>
  pixels === "float" ? "OF" : pixels === "double" ? "OD" : bitsAllocated > 8 ? "OW" : "OB";

function fromNative(format: PixelFormat, bytes: Uint8Array): Decoded {
  const samples = readSamples(format, bytes);
  if (isColour(format.photometricInterpretation)) return { rgb: toRgb(format, samples), lossy: false };
  return { grey: samples, lossy: false };
}

/** What RLE unpacks is interleaved and complete, whatever the header says of native frames. */
function fromRle(format: PixelFormat, bytes: Uint8Array): Decoded {
  const shared = format.photometricInterpretation === "YBR_FULL_422";
  const photometricInterpretation = shared ? "YBR_FULL" : format.photometricInterpretation;
  return fromNative({ ...format, planarConfiguration: 0, photometricInterpretation }, decodeRle(format, bytes));
}

/** PS3.5 §A.4.11: each frame is a deflated stream; no more is inflated than the frame may have. */
async function inflated(format: PixelFormat, bytes: Uint8Array): Promise<Uint8Array> {
  const out = new Uint8Array(frameBytes(format));
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  let filled = 0;
  const reader = stream.getReader();
  while (filled < out.length) {
    const { done, value } = await reader.read();
    if (done) break;
    out.set(value.subarray(0, out.length - filled), filled);
    filled += value.length;
  }
  void reader.cancel().catch(() => {});
  return out.subarray(0, Math.min(filled, out.length));
}

/** Files are labelled wrongly at times: which JPEG process this is, the code stream says. */
async function fromJpeg(format: PixelFormat, bytes: Uint8Array): Promise<Decoded> {
  const header = readJpegHeader(bytes);
  const { sof, precision, components } = header;
  if (sof === 0xf7) return fromCodec(format, header, "1.2.840.10008.1.2.4.80", bytes);
  if (sof === 0xc3) return fromCodec(format, header, "1.2.840.10008.1.2.4.70", bytes);
  if (precision <= 8 && components === 3) {
    checkHeader(header, format);
    return { rgb: await jpegInColour(format, header, bytes), lossy: true };
  }
  if (precision <= 8) return fromCodec(format, header, "1.2.840.10008.1.2.4.50", bytes);
  // The codec for twelve bits gets successive approximation wrong: such frames are left to the server.
  if (sof === 0xc2 && hasRefinement(bytes))
    throw new Fault("dicom.undecodable", "No codec here reads progressive JPEG of 12 bits.");
  const decoded = await fromCodec(format, header, "1.2.840.10008.1.2.4.51", bytes);
  const bias = await biasOf12Bits();
  return "grey" in decoded
    ? { ...decoded, grey: decoded.grey.map((value) => Math.max(0, value - bias)) as Samples }
    : decoded;
}

/** Whether a scan refines bits of an earlier one (ISO/IEC 10918-1 §B.2.3: Ah and Al of the scan header). */
function hasRefinement(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xff); at >= 0 && at + 4 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] !== 0xda) continue;
    const components = bytes[at + 4] ?? 0;
    if ((bytes[at + 7 + components * 2] ?? 0) !== 0) return true;
  }
  return false;
}

async function fromCodec(
  format: PixelFormat,
  header: CodestreamHeader,
  transferSyntax: string,
  bytes: Uint8Array,
): Promise<Decoded> {
  checkHeader(header, format);
  const { pixels, planar } = await askCodec(format, transferSyntax, bytes);
  const lossy = header.lossy === true;
  if (!isColour(format.photometricInterpretation)) return { grey: withinBits(format, pixels), lossy };
  const interleaved = planar ? byPixel(pixels, format.rows * format.columns) : pixels;
  return { rgb: toRgb({ ...format, photometricInterpretation: coloursAfter(format, header) }, interleaved), lossy };
}

/** PS3.5 §8.2: what the samples are once the codec is done with them. The stream knows better than the attribute. */
function coloursAfter(format: PixelFormat, header: CodestreamHeader): PixelFormat["photometricInterpretation"] {
  if (header.componentTransform === true || header.colour === "RGB") return "RGB";
  const labelled = format.photometricInterpretation;
  return labelled === "YBR_FULL_422" || labelled === "YBR_ICT" || labelled === "YBR_RCT" ? "YBR_FULL" : labelled;
}

function byPixel(planes: Samples, plane: number): Samples {
  const pixels = planes.slice();
  for (let at = 0; at < plane; at++) {
    for (let sample = 0; sample < 3; sample++) pixels[at * 3 + sample] = planes[sample * plane + at] ?? 0;
  }
  return pixels;
}

/** Codecs may answer unsigned values for signed pixels: the sign is put right by Bits Stored. */
function withinBits(format: PixelFormat, pixels: Samples): Samples {
  if (format.pixelRepresentation === 0 || format.bitsStored > 16) return pixels;
  const shift = 32 - format.bitsStored;
  const signed = new Int16Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) signed[at] = ((pixels[at] ?? 0) << shift) >> shift;
  return signed;
}
