import { ByteReader } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";

const PLACE = { place: "(7FE0,0010) Pixel Data, RLE header" };
const HEADER_BYTES = 64;

/**
 * One RLE frame as native little-endian pixels, interleaved (planar configuration 0). Each segment is one byte of one sample,
 * most significant first; there are at most 15. Memory is what the format says and no more; a segment that ends early or
 * offsets that do not rise are `dicom.malformed`. PS3.5 annex G.
 */
export function decodeRle(format: PixelFormat, frame: Uint8Array): Uint8Array {
  const bytesPerSample = format.bitsAllocated === 1 ? 1 : format.bitsAllocated / 8;
  const segments = segmentsOf(frame);
  if (segments.length !== format.samplesPerPixel * bytesPerSample) {
    throw new Fault(
      "dicom.malformed",
      `The frame has ${segments.length} segments; its attributes ask for another number.`,
      PLACE,
    );
  }
  const packed = format.bitsAllocated === 1;
  const plane = packed ? Math.ceil((format.rows * format.columns) / 8) : format.rows * format.columns;
  const stride = packed ? 1 : bytesPerSample * format.samplesPerPixel;
  const native = new Uint8Array(plane * stride);
  for (const [index, segment] of segments.entries()) {
    const sample = Math.floor(index / bytesPerSample);
    const significance = bytesPerSample - 1 - (index % bytesPerSample);
    unpackSegment(segment, native, sample * bytesPerSample + significance, stride, plane);
  }
  return native;
}

function segmentsOf(frame: Uint8Array): Uint8Array[] {
  const header = new ByteReader(frame, "dicom.malformed");
  const count = header.u32le();
  if (count < 1 || count > 15) throw new Fault("dicom.malformed", "An RLE frame has 1 to 15 segments.", PLACE);
  const offsets: number[] = [];
  for (let index = 0; index < 15; index++) offsets.push(header.u32le());
  return offsets.slice(0, count).map((start, index) => {
    const end = index + 1 < count ? (offsets[index + 1] ?? 0) : frame.length;
    if (start < HEADER_BYTES || start > end || end > frame.length) {
      throw new Fault("dicom.malformed", "RLE segment offsets must rise within the frame.", PLACE);
    }
    return frame.subarray(start, end);
  });
}

/** PackBits (PS3.5 §G.3.2): n ≥ 0 copies n + 1 bytes, n < 0 repeats one byte 1 − n times, −128 does nothing. */
function unpackSegment(segment: Uint8Array, native: Uint8Array, first: number, stride: number, count: number): void {
  let from = 0;
  let done = 0;
  while (done < count && from < segment.length) {
    const control = segment[from++] ?? 0;
    if (control === 128) continue;
    const repeats = control > 128;
    const length = Math.min(repeats ? 257 - control : control + 1, count - done);
    if (from + (repeats ? 1 : length) > segment.length) break;
    for (let step = 0; step < length; step++)
      native[first + (done + step) * stride] = segment[repeats ? from : from + step] ?? 0;
    from += repeats ? 1 : control + 1;
    done += length;
  }
  if (done < count) throw new Fault("dicom.malformed", `An RLE segment ends after ${done} of ${count} bytes.`, PLACE);
}
