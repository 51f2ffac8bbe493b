import { inflateRawSync } from "node:zlib";
import { Fault } from "#kit/fault.ts";
import { type FrameDecoder, freshCodec, runDecoder } from "#platform/decoders/codecs/emscripten.ts";
import { decodeJpeg } from "#platform/decoders/codecs/ijg.ts";
import { afterDecoding, type Raw } from "#platform/decoders/codecs/raw.ts";
import { type PixelCode, transferSyntaxOrPrivate } from "#standards/dicom/transfer-syntaxes.ts";
import {
  type CodestreamHeader,
  checkHeader,
  readJpeg2000Header,
  readJpegHeader,
} from "#standards/pixels/codestream.ts";
import { frameBytes, type PixelFormat } from "#standards/pixels/format.ts";
import { readJpegXlHeader } from "#standards/pixels/jpegxl.ts";
import { decodeRle } from "#standards/pixels/rle.ts";

export type Decoded = { pixels: Uint8Array; format: PixelFormat };

type FrameDecode = (format: PixelFormat, frame: Uint8Array) => Decoded | Promise<Decoded>;

/** What frames of a family are decoded by; a family without a row is stored and delivered only. */
const DECODERS: Readonly<Partial<Record<PixelCode, FrameDecode>>> = {
  native: (format, frame) => ({ pixels: exactly(format, frame), format }),
  deflate: (format, frame) => ({ pixels: exactly(format, inflated(format, frame)), format }),
  rle: (format, frame) => ({ pixels: decodeRle(format, frame), format: afterRle(format) }),
  jpeg: (format, frame) => compressed(format, frame, readJpegHeader, jpeg),
  "jpeg-ls": (format, frame) => compressed(format, frame, readJpegHeader, jpegLs),
  "jpeg-2000": (format, frame) => compressed(format, frame, readJpeg2000Header, jpeg2000),
  "jpeg-2000-part-2": (format, frame) => compressed(format, frame, readJpeg2000Header, jpeg2000),
  htj2k: (format, frame) => compressed(format, frame, readJpeg2000Header, htj2k),
  "jpeg-xl": (format, frame) => compressed(format, frame, readJpegXlHeader, jpegXl),
};

const decoderOf = (uid: string): FrameDecode | undefined => DECODERS[transferSyntaxOrPrivate(uid).pixels];

/** Whether frames in this transfer syntax can be decoded here. */
export const isDecodable = (uid: string): boolean => decoderOf(uid) !== undefined;

/**
 * One frame as native little-endian pixels with the format that describes them. The code stream's own header must agree with
 * `format` before any decoder runs. Throws `dicom.malformed`, `dicom.undecodable`, `decoder.failed`.
 */
export async function decodeFrame(transferSyntax: string, format: PixelFormat, frame: Uint8Array): Promise<Decoded> {
  const decode = decoderOf(transferSyntax);
  if (decode === undefined)
    throw new Fault("dicom.undecodable", "Frames in this transfer syntax can be stored and delivered, not decoded.");
  return decode(format, frame);
}

function exactly(format: PixelFormat, frame: Uint8Array): Uint8Array {
  const needed = frameBytes(format);
  if (frame.length < needed) {
    throw new Fault("dicom.malformed", `The frame has ${frame.length} bytes where Rows × Columns need ${needed}.`, {
      place: "(7FE0,0010) Pixel Data against (0028,0010) Rows",
    });
  }
  return frame.subarray(0, needed);
}

/** PS3.5 annex A.4.11: each frame is a deflated stream; one byte of padding may follow. */
function inflated(format: PixelFormat, frame: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(frame, { maxOutputLength: frameBytes(format) + 1 });
  } catch (cause) {
    throw new Fault("dicom.malformed", "The deflated frame does not inflate to Rows × Columns.", {
      place: "(7FE0,0010) Pixel Data",
      cause,
    });
  }
}

function afterRle(format: PixelFormat): PixelFormat {
  const shared = format.photometricInterpretation === "YBR_FULL_422";
  return {
    ...format,
    planarConfiguration: 0,
    photometricInterpretation: shared ? "YBR_FULL" : format.photometricInterpretation,
  };
}

type Decode = (frame: Uint8Array, header: CodestreamHeader) => Raw | Promise<Raw>;

async function compressed(
  format: PixelFormat,
  frame: Uint8Array,
  read: (frame: Uint8Array) => CodestreamHeader,
  decode: Decode,
): Promise<Decoded> {
  const header = read(frame);
  checkHeader(header, format);
  if (header.precision > 16) throw new Fault("dicom.undecodable", "More than 16 bits per sample cannot be decoded.");
  return afterDecoding(format, header, await decode(frame, header));
}

function jpeg(frame: Uint8Array, header: CodestreamHeader): Raw {
  if (header.sof === 0xf7)
    throw new Fault("dicom.malformed", "This JPEG-LS frame is labelled as JPEG.", {
      place: "(0002,0010) Transfer Syntax UID",
    });
  return { pixels: decodeJpeg(frame, header), planar: false };
}

type JpegLs = { JpegLSDecoder: new () => FrameDecoder & { getInterleaveMode(): number } };

async function jpegLs(frame: Uint8Array, header: CodestreamHeader): Promise<Raw> {
  if (header.sof !== 0xf7)
    throw new Fault("dicom.malformed", "This frame is not JPEG-LS.", { place: "(0002,0010) Transfer Syntax UID" });
  mustEnd(frame, "JPEG-LS"); // without its end marker CharLS may look for a bit two thousand million times
  const codec = await freshCodec<JpegLs>(
    "@cornerstonejs/codec-charls/decodewasmjs",
    "@cornerstonejs/codec-charls/decodewasm",
  );
  const decoder = new codec.JpegLSDecoder();
  const pixels = runDecoder(decoder, frame, "JPEG-LS");
  return { pixels, planar: header.components > 1 && decoder.getInterleaveMode() === 0 };
}

async function jpeg2000(frame: Uint8Array): Promise<Raw> {
  const codec = await freshCodec<{ J2KDecoder: new () => FrameDecoder }>(
    "@cornerstonejs/codec-openjpeg/decodewasmjs",
    "@cornerstonejs/codec-openjpeg/decodewasm",
  );
  return { pixels: runDecoder(new codec.J2KDecoder(), frame, "JPEG 2000"), planar: false };
}

/** OpenJPH fills what is missing and says nothing. */
async function htj2k(frame: Uint8Array): Promise<Raw> {
  mustEnd(frame, "HTJ2K");
  const codec = await freshCodec<{ HTJ2KDecoder: new () => FrameDecoder }>(
    "@cornerstonejs/codec-openjph/wasmjs",
    "@cornerstonejs/codec-openjph/wasm",
  );
  return { pixels: runDecoder(new codec.HTJ2KDecoder(), frame, "HTJ2K"), planar: false };
}

/** FFD9 ends JPEG-LS and JPEG 2000 streams alike; padding to even length may follow (PS3.5 §A.4). */
function mustEnd(frame: Uint8Array, name: string): void {
  let end = frame.length;
  while (end > 2 && (frame[end - 1] === 0 || frame[end - 1] === 0xff)) end--;
  if (frame[end - 2] === 0xff && frame[end - 1] === 0xd9) return;
  const place = { place: "(7FE0,0010) Pixel Data" };
  throw new Fault("dicom.malformed", `The ${name} frame ends before its code stream does.`, place);
}

async function jpegXl(frame: Uint8Array): Promise<Raw> {
  const codec = await freshCodec<{ JpegXLDecoder: new () => FrameDecoder }>(
    "@cornerstonejs/codec-libjxl/decodewasmjs",
    "@cornerstonejs/codec-libjxl/decodewasm",
  );
  return { pixels: runDecoder(new codec.JpegXLDecoder(), frame, "JPEG XL"), planar: false };
}
