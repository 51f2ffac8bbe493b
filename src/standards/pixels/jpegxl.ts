import { ByteReader } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import type { CodestreamHeader } from "#standards/pixels/codestream.ts";

/**
 * The size and depth of a JPEG XL frame, bare or in its container (ISO/IEC 18181-1 annex D, 18181-2). Reads the size header
 * and the image metadata up to the colour channels; components are taken from the colour encoding. Throws `dicom.malformed`.
 */
export function readJpegXlHeader(frame: Uint8Array): CodestreamHeader {
  const bits = new BitReader(codestreamOf(frame));
  if (bits.take(16) !== 0x0aff) throw broken("a JPEG XL code stream");
  const { width, height } = readSize(bits);
  const metadata = readMetadata(bits);
  return { width, height, ...metadata, signed: false, colour: "RGB", lossy: metadata.xyb };
}

function readSize(bits: BitReader): { width: number; height: number } {
  const small = bits.take(1) === 1;
  const height = small ? (bits.take(5) + 1) * 8 : bits.u32([9, 13, 18, 30], [1, 1, 1, 1]);
  const ratio = bits.take(3);
  const width =
    ratio !== 0 ? across(height, ratio) : small ? (bits.take(5) + 1) * 8 : bits.u32([9, 13, 18, 30], [1, 1, 1, 1]);
  return { width, height };
}

/** The seven fixed ratios of the size header. */
function across(height: number, ratio: number): number {
  const [up, down] = [
    [1, 1],
    [12, 10],
    [4, 3],
    [3, 2],
    [16, 9],
    [5, 4],
    [2, 1],
  ][ratio - 1] ?? [1, 1];
  return Math.floor((height * (up ?? 1)) / (down ?? 1));
}

function readMetadata(bits: BitReader): { precision: number; components: number; xyb: boolean } {
  if (bits.take(1) === 1) return { precision: 8, components: 3, xyb: true };
  if (bits.take(1) === 1) readExtraFields(bits);
  const float = bits.take(1) === 1;
  const precision = float ? bits.u32([0, 0, 0, 6], [32, 16, 24, 1]) : bits.u32([0, 0, 0, 6], [8, 10, 12, 1]);
  if (float) throw new Fault("dicom.undecodable", "JPEG XL with floating-point samples cannot be decoded.");
  bits.take(1); // modular 16-bit buffers
  if (bits.u32([0, 0, 4, 12], [0, 1, 2, 1]) !== 0) throw broken("no extra channels");
  const xyb = bits.take(1) === 1;
  return { precision, components: readColours(bits), xyb };
}

function readExtraFields(bits: BitReader): void {
  bits.take(3); // orientation
  if (bits.take(1) === 1) readSize(bits); // intrinsic size
  if (bits.take(1) === 1 || bits.take(1) === 1) throw broken("neither a preview nor an animation");
}

/** The colour encoding: all default (sRGB), or a colour space of its own; 1 is grey. */
function readColours(bits: BitReader): number {
  if (bits.take(1) === 1) return 3;
  bits.take(1); // an ICC profile follows
  return bits.enumeration() === 1 ? 1 : 3;
}

/** ISO/IEC 18181-2: the boxes `jxlc` (one) or `jxlp` (the first of several) hold the code stream. */
function codestreamOf(frame: Uint8Array): Uint8Array {
  const boxes = new ByteReader(frame, "dicom.malformed");
  if (frame.length < 12 || new ByteReader(frame).u32() !== 12) return frame;
  for (;;) {
    const length = boxes.u32();
    const kind = boxes.latin1(4);
    if (length === 1) throw broken("boxes shorter than 4 GiB");
    const body = length === 0 ? boxes.bytes(boxes.left) : boxes.bytes(Math.max(0, length - 8));
    if (kind === "jxlc") return body;
    if (kind === "jxlp") return body.subarray(4);
  }
}

/** Bits of each byte from the lowest up, as JPEG XL packs its headers. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw broken("a whole header");
      value += ((byte >> (this.#at & 7)) & 1) * 2 ** bit;
      this.#at++;
    }
    return value;
  }

  /** U32(): two bits choose how many bits follow and what is added to them. */
  u32(widths: readonly [number, number, number, number], offsets: readonly [number, number, number, number]): number {
    const choice = this.take(2);
    return (offsets[choice] ?? 0) + this.take(widths[choice] ?? 0);
  }

  enumeration(): number {
    return this.u32([0, 0, 4, 6], [0, 1, 2, 18]);
  }
}

function broken(expected: string): Fault {
  return new Fault("dicom.malformed", `The compressed frame must have ${expected}.`, {
    place: "(7FE0,0010) Pixel Data, JPEG XL header",
  });
}
