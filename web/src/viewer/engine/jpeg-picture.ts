import { Fault } from "#kit/fault.ts";
import type { CodestreamHeader } from "#standards/pixels/codestream.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";

/** Colour JPEG by the browser's own decoder: fast, off the main thread, and right about every chroma subsampling. */
export function jpegInColour(format: PixelFormat, header: CodestreamHeader, bytes: Uint8Array): Promise<Uint8Array> {
  // A stream that says nothing of its colours is what Photometric Interpretation says; browsers would take it for YCbCr.
  const unsaid = header.colour === undefined && format.photometricInterpretation === "RGB";
  const parts = unsaid ? [bytes.subarray(0, 2), ADOBE_RGB, bytes.subarray(2)] : [bytes];
  const blob = new Blob(parts as Uint8Array<ArrayBuffer>[], { type: "image/jpeg" });
  return rgbOf(blob, format.columns, format.rows);
}

/** Adobe's application segment with transform 0: these are red, green and blue. */
const ADOBE_RGB = Uint8Array.from([0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0]);

/** The pixels of a JPEG or PNG picture as RGB, row by row; it must have the size that was announced. */
export async function rgbOf(blob: Blob, columns: number, rows: number): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  try {
    if (bitmap.width !== columns || bitmap.height !== rows) {
      throw new Fault("dicom.malformed", "The picture has another size than its header says.");
    }
    const context = new OffscreenCanvas(columns, rows).getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser gave no canvas.");
    context.drawImage(bitmap, 0, 0);
    return withoutAlpha(context.getImageData(0, 0, columns, rows).data);
  } finally {
    bitmap.close();
  }
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from] ?? 0;
    rgb[to++] = rgba[from + 1] ?? 0;
    rgb[to++] = rgba[from + 2] ?? 0;
  }
  return rgb;
}
