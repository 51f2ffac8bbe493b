import { ByteReader } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import type { PixelFormat } from "#standards/pixels/format.ts";

/** What a compressed frame says of itself before anything is decoded. */
export type CodestreamHeader = {
  width: number;
  height: number;
  components: number;
  /** Bits per sample of the deepest component. */
  precision: number;
  signed: boolean;
  /** JPEG: the process, from the start-of-frame marker (0xC0 baseline … 0xC3 lossless, 0xF7 JPEG-LS). */
  sof?: number;
  /** JPEG: how the stream itself names its colours; undefined when it says nothing. */
  colour?: "YCbCr" | "RGB";
  /** JPEG 2000: whether a component transform turns the components into RGB while decoding. */
  componentTransform?: boolean;
  /** Whether decoding may give values past the range of the original: DCT or the irreversible wavelet. */
  lossy?: boolean;
};

const PLACE = { place: "(7FE0,0010) Pixel Data, code stream header" };

/**
 * The header of a JPEG, JPEG-LS or lossless JPEG frame (ISO/IEC 10918-1 §B.2, 14495-1 annex C). Reads markers up to the first
 * start of frame and no entropy-coded data. Throws `dicom.malformed`.
 */
export function readJpegHeader(frame: Uint8Array): CodestreamHeader {
  const stream = new ByteReader(frame, "dicom.malformed");
  if (stream.u16() !== 0xffd8) throw broken("a JPEG stream that begins with SOI");
  let jfif = false;
  let adobe: number | undefined;
  for (;;) {
    const marker = nextMarker(stream);
    if (marker === 0xd9 || marker === 0xda) throw broken("a start of frame before the first scan");
    const segment = stream.slice(segmentLength(stream));
    if (isStartOfFrame(marker)) {
      const lossy = marker !== 0xf7 && (marker & 3) !== 3;
      return { ...readFrameHeader(segment, marker, jfif, adobe), sof: marker, lossy };
    }
    if (marker === 0xe0 && segment.left >= 5) jfif ||= segment.latin1(4) === "JFIF";
    if (marker === 0xee && segment.left >= 12 && segment.latin1(5) === "Adobe") {
      segment.skip(6);
      adobe = segment.u8();
    }
  }
}

function nextMarker(stream: ByteReader): number {
  let byte = stream.u8();
  if (byte !== 0xff) throw broken("markers one after another");
  while (byte === 0xff) byte = stream.u8();
  return byte;
}

function segmentLength(stream: ByteReader): number {
  const length = stream.u16();
  if (length < 2) throw broken("segments of at least two bytes");
  return length - 2;
}

/** SOF0 to SOF15 without DHT, JPG and DAC; SOF55 is JPEG-LS. */
function isStartOfFrame(marker: number): boolean {
  return marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc);
}

function readFrameHeader(segment: ByteReader, sof: number, jfif: boolean, adobe: number | undefined): CodestreamHeader {
  const precision = segment.u8();
  const height = segment.u16();
  const width = segment.u16();
  const components = segment.u8();
  if (precision < 2 || precision > 16 || components < 1 || components > 4)
    throw broken("2 to 16 bits and 1 to 4 components");
  const ids: number[] = [];
  for (let index = 0; index < components; index++) {
    ids.push(segment.u8());
    const sampling = segment.u8();
    const [across, down] = [sampling >> 4, sampling & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4) throw broken("sampling factors from 1 to 4");
    segment.skip(1);
  }
  const header: CodestreamHeader = { width, height, components, precision, signed: false };
  const colour = components === 3 && sof !== 0xc3 && sof !== 0xf7 ? jpegColour(ids, jfif, adobe) : undefined;
  return colour === undefined ? header : { ...header, colour };
}

/** The order in which the Independent JPEG Group's library believes: JFIF, Adobe's transform, component names. */
function jpegColour(ids: readonly number[], jfif: boolean, adobe: number | undefined): "YCbCr" | "RGB" | undefined {
  if (jfif) return "YCbCr";
  if (adobe !== undefined) return adobe === 0 ? "RGB" : "YCbCr";
  return ids[0] === 0x52 && ids[1] === 0x47 && ids[2] === 0x42 ? "RGB" : undefined;
}

/**
 * The main header of a JPEG 2000 or HTJ2K frame, bare or inside a JP2 or JPH file (ISO/IEC 15444-1 annex A). Offsets, tiles and
 * subsampling are checked so that no decoder is asked for more than width × height. Throws `dicom.malformed`.
 */
export function readJpeg2000Header(frame: Uint8Array): CodestreamHeader {
  const stream = jpeg2000Codestream(frame);
  if (stream.u32() !== 0xff4fff51) throw broken("a JPEG 2000 stream that begins with SOC and SIZ");
  const siz = stream.slice(segmentLength(stream));
  siz.skip(2);
  const [right, bottom, left, top] = [siz.u32(), siz.u32(), siz.u32(), siz.u32()];
  const [tileWidth, tileHeight, tileLeft, tileTop] = [siz.u32(), siz.u32(), siz.u32(), siz.u32()];
  const components = siz.u16();
  if (right <= left || bottom <= top || tileWidth === 0 || tileHeight === 0) throw broken("an area and tiles");
  const across = Math.ceil((right - tileLeft) / tileWidth);
  const down = Math.ceil((bottom - tileTop) / tileHeight);
  if (tileLeft > left || tileTop > top || across * down > 65535) throw broken("at most 65535 tiles");
  if (components < 1 || components > 4) throw broken("1 to 4 components");
  const depths: number[] = [];
  for (let index = 0; index < components; index++) {
    depths.push(siz.u8());
    if (siz.u16() !== 0x0101) throw broken("components without subsampling");
  }
  return {
    width: right - left,
    height: bottom - top,
    components,
    precision: Math.max(...depths.map((depth) => (depth & 0x7f) + 1)),
    signed: depths.some((depth) => (depth & 0x80) !== 0),
    ...readCodingStyle(stream),
  };
}

/** COD: style, progression, layers, the multiple component transform, levels, block size and style, then the wavelet. */
function readCodingStyle(stream: ByteReader): { componentTransform: boolean; lossy: boolean } {
  for (;;) {
    const marker = stream.u16();
    if (marker === 0xff90) throw broken("a coding style before the first tile");
    const segment = stream.slice(segmentLength(stream));
    if (marker !== 0xff52) continue;
    segment.skip(4);
    const componentTransform = segment.u8() === 1;
    segment.skip(4);
    return { componentTransform, lossy: segment.u8() === 0 };
  }
}

/** The code stream itself: some writers wrap it into the boxes of a file (ISO/IEC 15444-1 annex I), which DICOM forbids. */
function jpeg2000Codestream(frame: Uint8Array): ByteReader {
  const stream = new ByteReader(frame, "dicom.malformed");
  if (frame.length < 12 || new ByteReader(frame.subarray(4)).u32() !== 0x6a502020) return stream;
  for (;;) {
    const length = stream.u32();
    const kind = stream.u32();
    if (kind === 0x6a703263) return stream;
    if (length < 8) throw broken("a code stream box");
    stream.skip(length - 8);
  }
}

/** Compares what the code stream says with what the attributes say; the attributes must be what limits were taken from. Throws `dicom.malformed`. */
export function checkHeader(header: CodestreamHeader, format: PixelFormat): void {
  if (header.height !== format.rows) throw differs("(0028,0010) Rows");
  if (header.width !== format.columns) throw differs("(0028,0011) Columns");
  if (header.components !== format.samplesPerPixel) throw differs("(0028,0002) Samples per Pixel");
  const room = format.bitsAllocated === 1 ? 8 : format.bitsAllocated;
  if (header.precision > room) throw differs("(0028,0100) Bits Allocated");
}

function differs(place: string): Fault {
  return new Fault("dicom.malformed", `${place} and the compressed frame contradict each other.`, { place });
}

function broken(expected: string): Fault {
  return new Fault("dicom.malformed", `The compressed frame must have ${expected}.`, PLACE);
}
