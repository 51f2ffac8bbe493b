import { getWebWorkerManager } from "@cornerstonejs/core";
import { Fault } from "#kit/fault.ts";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { readJpeg2000Header, readJpegHeader } from "#standards/pixels/codestream.ts";
import { toRgb } from "#standards/pixels/colour.ts";
import { isColour, type PixelFormat } from "#standards/pixels/format.ts";
import { bigEndianUnit, readSamples, type Samples, swapBytes } from "#standards/pixels/native.ts";
import { decodeRle } from "#standards/pixels/rle.ts";

/** Stored values of one frame, one per pixel, or finished eight-bit RGB. */
export type Decoded = { readonly grey: Samples } | { readonly rgb: Uint8Array };

const NATIVE = new Set(["", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"]);
const BIG_ENDIAN = "1.2.840.10008.1.2.2";
const RLE = "1.2.840.10008.1.2.5";
const BASELINE = "1.2.840.10008.1.2.4.50";
const JPEG_2000 = new Set(["90", "91", "201", "202", "203"].map((last) => `1.2.840.10008.1.2.4.${last}`));
const JPEG_XL = new Set(["110", "111", "112"].map((last) => `1.2.840.10008.1.2.4.${last}`));

/** What the browser's codecs can do; all else is asked of the server as a picture. */
const CODECS = new Set([
  ...JPEG_2000,
  ...JPEG_XL,
  ...["50", "51", "53", "55", "57", "70", "80", "81"].map((last) => `1.2.840.10008.1.2.4.${last}`),
]);

/** Decodes a frame as it is stored. Throws a Fault or whatever a codec throws: the caller then asks for a picture. */
export async function decode(
  attributes: PixelAttributes,
  format: PixelFormat,
  transferSyntax: string,
  bytes: Uint8Array,
): Promise<Decoded> {
  if (NATIVE.has(transferSyntax)) return fromNative(format, bytes);
  if (transferSyntax === BIG_ENDIAN) {
    const vr = format.pixels === "integer" ? (format.bitsAllocated > 8 ? "OW" : "OB") : "OF";
    return fromNative(format, swapBytes(bytes, bigEndianUnit(format, vr)));
  }
  if (transferSyntax === RLE) {
    const plain = decodeRle(format, bytes);
    // What RLE unpacks is interleaved and complete, whatever the header says of native frames.
    const photometric =
      format.photometricInterpretation === "YBR_FULL_422" ? "YBR_FULL" : format.photometricInterpretation;
    return fromNative({ ...format, planarConfiguration: 0, photometricInterpretation: photometric }, plain);
  }
  if (!CODECS.has(transferSyntax)) throw new Fault("dicom.undecodable", "No codec here reads this transfer syntax.");
  const colour = isColour(format.photometricInterpretation);
  if (transferSyntax === BASELINE && colour && format.bitsAllocated === 8) {
    return { rgb: await throughBrowser(format, bytes) };
  }
  const pixels = await throughWorker(attributes, transferSyntax, bytes);
  expectLength(format, pixels);
  if (!colour) return { grey: withinBits(format, pixels) };
  return { rgb: toRgb({ ...format, photometricInterpretation: coloursAfter(format, transferSyntax, bytes) }, pixels) };
}

function fromNative(format: PixelFormat, bytes: Uint8Array): Decoded {
  const samples = readSamples(format, bytes);
  return isColour(format.photometricInterpretation) ? { rgb: toRgb(format, samples) } : { grey: samples };
}

/** What the colours are once a codec has run: JPEG 2000 may have undone its component transform, JPEG XL always gives RGB. */
function coloursAfter(
  format: PixelFormat,
  transferSyntax: string,
  bytes: Uint8Array,
): PixelFormat["photometricInterpretation"] {
  if (JPEG_XL.has(transferSyntax)) return "RGB";
  if (JPEG_2000.has(transferSyntax)) {
    const transformed = readJpeg2000Header(bytes).componentTransform === true;
    return transformed || format.photometricInterpretation.startsWith("YBR_RCT")
      ? "RGB"
      : format.photometricInterpretation;
  }
  return format.photometricInterpretation;
}

/** The browser's own JPEG decoder: fast, off the main thread, and right about every chroma subsampling. */
async function throughBrowser(format: PixelFormat, bytes: Uint8Array): Promise<Uint8Array> {
  const header = readJpegHeader(bytes);
  if (header.width !== format.columns || header.height !== format.rows) throw sizeFault();
  return rgbOf(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "image/jpeg" }), format.columns, format.rows);
}

/** The pixels of a JPEG or PNG picture as RGB, row by row; it must have the size that was announced. */
export async function rgbOf(blob: Blob, columns: number, rows: number): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  try {
    if (bitmap.width !== columns || bitmap.height !== rows) throw sizeFault();
    const context = new OffscreenCanvas(columns, rows).getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser gave no canvas.");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, columns, rows);
    const rgb = new Uint8Array(columns * rows * 3);
    for (let from = 0, to = 0; from < data.length; from += 4) {
      rgb[to++] = data[from] ?? 0;
      rgb[to++] = data[from + 1] ?? 0;
      rgb[to++] = data[from + 2] ?? 0;
    }
    return rgb;
  } finally {
    bitmap.close();
  }
}

async function throughWorker(attributes: PixelAttributes, transferSyntax: string, bytes: Uint8Array): Promise<Samples> {
  const imageFrame = {
    rows: attributes.rows,
    columns: attributes.columns,
    samplesPerPixel: attributes.samplesPerPixel,
    photometricInterpretation: attributes.photometricInterpretation,
    planarConfiguration: 0,
    bitsAllocated: attributes.bitsAllocated,
    bitsStored: attributes.bitsStored ?? attributes.bitsAllocated,
    pixelRepresentation: attributes.pixelRepresentation ?? 0,
  };
  // A copy of its own: some codecs read the whole buffer that a view stands in.
  const pixelData = bytes.slice();
  const decoded: unknown = await getWebWorkerManager().executeTask("dicomImageLoader", "decodeTask", {
    imageFrame,
    transferSyntax,
    pixelData,
    options: { preScale: { enabled: false } },
    decodeConfig: {},
  });
  const { pixelData: pixels } = decoded as { pixelData?: Samples };
  if (!pixels) throw new Error("The codec gave no pixels.");
  return pixels;
}

/** A codec that gives another number of pixels than the header says would show a lie. */
function expectLength(format: PixelFormat, pixels: Samples): void {
  if (pixels.length !== format.rows * format.columns * format.samplesPerPixel) throw sizeFault();
}

const sizeFault = () =>
  new Fault("dicom.malformed", "The compressed image has another size than its header says.", {
    place: "(7FE0,0010) Pixel Data against (0028,0010) Rows",
  });

/** Codecs may answer unsigned values for signed pixels: the sign is put right by Bits Stored. */
function withinBits(format: PixelFormat, pixels: Samples): Samples {
  if (format.pixelRepresentation === 0 || format.bitsStored > 16) return pixels;
  const shift = 32 - format.bitsStored;
  const signed = new Int16Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) signed[at] = ((pixels[at] ?? 0) << shift) >> shift;
  return signed;
}
