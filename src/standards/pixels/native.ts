import { Fault } from "#kit/fault.ts";
import { decodedBytes, type FrameRange, frameBytes, type PixelFormat } from "#standards/pixels/format.ts";

export type Samples =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/**
 * The stored values of one native little-endian frame, rows × columns × samples, pixel by pixel whatever the planar
 * configuration: one-bit pixels unpacked, bits outside Bits Stored removed, signs extended, shared chroma given to each of its
 * pixels. Trailing padding is allowed; throws `dicom.malformed` when the frame is too short. PS3.5 §8.1.
 */
export function readSamples(format: PixelFormat, frame: Uint8Array): Samples {
  const needed = frameBytes(format);
  if (frame.length < needed) {
    throw new Fault("dicom.malformed", `The frame has ${frame.length} bytes where Rows × Columns need ${needed}.`, {
      place: "(7FE0,0010) Pixel Data against (0028,0010) Rows",
    });
  }
  if (format.bitsAllocated === 1) return unpackBits(format, frame);
  const samples = storedValues(format, typed(format, frame.subarray(0, needed)));
  switch (format.photometricInterpretation) {
    case "YBR_FULL_422":
    case "YBR_PARTIAL_422":
      return spread422(format, samples);
    case "YBR_PARTIAL_420":
      throw new Fault("dicom.undecodable", "YBR_PARTIAL_420 exists only inside video.", {
        place: "(0028,0004) Photometric Interpretation",
      });
    default:
      return format.planarConfiguration === 1 ? interleave(format, samples) : samples;
  }
}

/** A copy whose samples have their bytes in reverse order; `size` bytes each. A trailing part stays as it is. */
export function swapBytes(bytes: Uint8Array, size: 1 | 2 | 4 | 8): Uint8Array {
  const swapped = new Uint8Array(bytes); // a Buffer's slice would share memory
  if (size === 1) return swapped;
  for (let start = 0; start + size <= swapped.length; start += size) swapped.subarray(start, start + size).reverse();
  return swapped;
}

/** How many bytes to reverse at a time in Explicit VR Big Endian (PS3.5 §7.3 and A.3): OW words of eight-bit pixels come in pairs. */
export function bigEndianUnit(format: PixelFormat, vr: "OB" | "OW" | "OF" | "OD"): 1 | 2 | 4 | 8 {
  if (vr === "OF") return 4;
  if (vr === "OD") return 8;
  if (vr === "OB") return 1;
  return format.bitsAllocated === 32 ? 4 : 2;
}

/**
 * One frame out of the bytes of its `FrameRange`, little-endian and from its first pixel on; `unit` as for `nativeFrameRange`.
 * May be shorter than it should be when the bytes were: `readSamples` says so.
 */
export function cutNativeFrame(
  format: PixelFormat,
  bytes: Uint8Array,
  range: FrameRange,
  unit: 1 | 2 | 4 | 8 = 1,
): Uint8Array {
  const straight = unit === 1 ? bytes : swapBytes(bytes, unit);
  const whole = straight.subarray(Math.floor(range.skipBits / 8));
  const bits = range.skipBits % 8;
  const length = Math.min(frameBytes(format), whole.length);
  if (bits === 0) return whole.subarray(0, length);
  const moved = new Uint8Array(length);
  for (let at = 0; at < length; at++) moved[at] = ((whole[at] ?? 0) >> bits) | ((whole[at + 1] ?? 0) << (8 - bits));
  return moved;
}

function typed(format: PixelFormat, frame: Uint8Array): Samples {
  const size = format.bitsAllocated / 8;
  const whole = frame.byteOffset % size === 0 ? frame : new Uint8Array(frame);
  const count = Math.floor(whole.length / size);
  if (format.pixels === "float") return new Float32Array(whole.buffer, whole.byteOffset, count);
  if (format.pixels === "double") return new Float64Array(whole.buffer, whole.byteOffset, count);
  const { buffer, byteOffset } = whole;
  if (format.pixelRepresentation === 1) {
    if (size === 1) return new Int8Array(buffer, byteOffset, count);
    return size === 2 ? new Int16Array(buffer, byteOffset, count) : new Int32Array(buffer, byteOffset, count);
  }
  if (size === 1) return new Uint8Array(buffer, byteOffset, count);
  return size === 2 ? new Uint16Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count);
}

/** Bits above High Bit may hold overlays or rubbish, those below Low Bit too: only Bits Stored count. */
function storedValues(format: PixelFormat, samples: Samples): Samples {
  if (format.pixels !== "integer" || format.bitsStored === format.bitsAllocated) return samples;
  const left = 32 - (format.highBit + 1);
  const right = 32 - format.bitsStored;
  const clean = samples.slice();
  if (format.pixelRepresentation === 1) {
    for (let at = 0; at < clean.length; at++) clean[at] = ((samples[at] ?? 0) << left) >> right;
  } else {
    for (let at = 0; at < clean.length; at++) clean[at] = ((samples[at] ?? 0) << left) >>> right;
  }
  return clean;
}

function unpackBits(format: PixelFormat, frame: Uint8Array): Uint8Array {
  const samples = new Uint8Array(format.rows * format.columns * format.samplesPerPixel);
  for (let at = 0; at < samples.length; at++) samples[at] = ((frame[at >> 3] ?? 0) >> (at & 7)) & 1;
  return samples;
}

function interleave(format: PixelFormat, planes: Samples): Samples {
  const pixels = format.rows * format.columns;
  const mixed = planes.slice();
  for (let plane = 0; plane < format.samplesPerPixel; plane++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      mixed[pixel * format.samplesPerPixel + plane] = planes[plane * pixels + pixel] ?? 0;
    }
  }
  return mixed;
}

/** PS3.3 §C.7.6.3.1.2: Y Y Cb Cr for each pair of pixels, always interleaved. */
function spread422(format: PixelFormat, samples: Samples): Samples {
  const { rows, columns } = format;
  const full = similar(samples, decodedBytes(format) / (format.bitsAllocated / 8));
  const pairs = Math.ceil(columns / 2);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const group = (row * pairs + (column >> 1)) * 4;
      const to = (row * columns + column) * 3;
      full[to] = samples[group + (column & 1)] ?? 0;
      full[to + 1] = samples[group + 2] ?? 0;
      full[to + 2] = samples[group + 3] ?? 0;
    }
  }
  return full;
}

function similar(samples: Samples, length: number): Samples {
  const Kind = samples.constructor as new (length: number) => Samples;
  return new Kind(length);
}
