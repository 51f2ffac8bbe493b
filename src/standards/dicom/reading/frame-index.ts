import type { DataSet } from "#standards/dicom/data-set.ts";
import type { FrameIndex } from "#standards/dicom/frames.ts";
import type { PixelSpan } from "#standards/dicom/reading/levels.ts";
import type { TransferSyntax } from "#standards/dicom/transfer-syntaxes.ts";
import { bytes, number, text } from "#standards/dicom/values.ts";

const NUMBER_OF_FRAMES = 0x00280008;
const ROWS = 0x00280010;
const COLUMNS = 0x00280011;
const SAMPLES_PER_PIXEL = 0x00280002;
const PHOTOMETRIC_INTERPRETATION = 0x00280004;
const BITS_ALLOCATED = 0x00280100;
const EXTENDED_OFFSETS = 0x7fe00001;
const EXTENDED_LENGTHS = 0x7fe00002;
/** Where a code stream begins: JPEG and JPEG-LS SOI, JPEG 2000 SOC, JPEG XL. */
const CODE_STREAM_MARKS = new Set([0xffd8, 0xff4f, 0xff0a]);

/** The index of the frames of a pixel data element. Never throws: where frames cannot be told apart it says why. PS3.5 §8, §A.4. */
export function frameIndexOf(
  dataSet: DataSet,
  pixels: PixelSpan | undefined,
  syntax: TransferSyntax,
  inflated: boolean,
): FrameIndex {
  if (pixels === undefined) return { is: "none", reason: "there is no pixel data" };
  const said = number(dataSet, NUMBER_OF_FRAMES) ?? 1;
  const declared = Number.isInteger(said) && said > 0 ? said : 1;
  return pixels.fragments === undefined
    ? nativeFrames(dataSet, pixels, declared, inflated)
    : encapsulatedFrames(dataSet, pixels, syntax, declared);
}

function nativeFrames(dataSet: DataSet, pixels: PixelSpan, declared: number, inflated: boolean): FrameIndex {
  const rows = number(dataSet, ROWS) ?? 0;
  const columns = number(dataSet, COLUMNS) ?? 0;
  const samples = number(dataSet, SAMPLES_PER_PIXEL) ?? 1;
  const bits = number(dataSet, BITS_ALLOCATED) ?? 0;
  // PS3.3 §C.7.6.3.1.2: two chrominance samples shared by two pixels
  const perPixel = text(dataSet, PHOTOMETRIC_INTERPRETATION) === "YBR_FULL_422" && samples === 3 ? 2 : samples;
  const frameBits = rows * columns * perPixel * bits;
  if (frameBits <= 0) return { is: "none", reason: "rows, columns, samples or bits allocated are missing or zero" };
  const present = Math.floor((pixels.length * 8) / frameBits);
  const count = Math.min(present, declared);
  if (count === 0) return { is: "none", reason: "the pixel data is shorter than one frame" };
  return { is: "native", base: pixels.offset, frameBits, count, declared, inflated };
}

function encapsulatedFrames(dataSet: DataSet, pixels: PixelSpan, syntax: TransferSyntax, declared: number): FrameIndex {
  const { offsets = [], lengths = [] } = pixels.fragments ?? {};
  if (offsets.length === 0) return { is: "none", reason: "there is no fragment" };
  const made = (first: readonly number[], trimmed: readonly number[] = lengths): FrameIndex => ({
    is: "encapsulated",
    first,
    offsets,
    lengths: trimmed,
    count: first.length,
    declared,
  });
  const extended = fromExtendedTable(dataSet, offsets, lengths);
  if (extended !== undefined) return made(extended.first, extended.lengths);
  const basic = fromBasicTable(pixels.basicOffsets, offsets);
  if (basic !== undefined && (basic.length === declared || declared === 1)) return made(basic);
  if (declared === 1 || syntax.video) return made([0]);
  if (offsets.length <= declared) return made(offsets.map((_, fragment) => fragment));
  const starts = pixels.marks.flatMap((mark, fragment) => (CODE_STREAM_MARKS.has(mark) ? [fragment] : []));
  if (starts.length === declared && starts[0] === 0) return made(starts);
  if (basic !== undefined) return made(basic);
  const reason = `${offsets.length} fragments for ${declared} frames, without an offset table or code stream marks that tell them apart`;
  return { is: "none", reason };
}

/** Offsets in both tables count from the first byte behind the Basic Offset Table item. */
function fragmentsAt(table: readonly number[], offsets: readonly number[]): number[] | undefined {
  const start = (offsets[0] ?? 0) - 8;
  const first: number[] = [];
  let fragment = 0;
  for (const entry of table) {
    while (fragment < offsets.length && (offsets[fragment] ?? 0) - 8 - start < entry) fragment += 1;
    if ((offsets[fragment] ?? -1) - 8 - start !== entry) return undefined;
    if (first.length > 0 && fragment <= (first.at(-1) ?? 0)) return undefined;
    first.push(fragment);
  }
  return first.length > 0 && first[0] === 0 ? first : undefined;
}

/** PS3.5 §A.4: 32-bit offsets of the first item of each frame. Undefined when empty or not true. */
function fromBasicTable(table: Uint8Array | undefined, offsets: readonly number[]): number[] | undefined {
  if (table === undefined || table.length === 0) return undefined;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const entries: number[] = [];
  for (let at = 0; at + 4 <= table.length; at += 4) entries.push(view.getUint32(at, true));
  return fragmentsAt(entries, offsets);
}

function numbers64(value: Uint8Array | undefined): number[] {
  if (value === undefined) return [];
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const entries: number[] = [];
  for (let at = 0; at + 8 <= value.length; at += 8) entries.push(Number(view.getBigUint64(at, true)));
  return entries;
}

/** PS3.3 §C.7.6.3.1.8: Extended Offset Table and its lengths, one fragment a frame, true lengths without padding. */
function fromExtendedTable(dataSet: DataSet, offsets: readonly number[], lengths: readonly number[]) {
  const entries = numbers64(bytes(dataSet, EXTENDED_OFFSETS));
  const said = numbers64(bytes(dataSet, EXTENDED_LENGTHS));
  if (entries.length === 0 || entries.length !== offsets.length) return undefined;
  const first = fragmentsAt(entries, offsets);
  if (first === undefined) return undefined;
  const trimmed = lengths.map((length, fragment) => {
    const exact = said[fragment];
    return exact !== undefined && exact <= length && length - exact <= 1 ? exact : length;
  });
  return { first, lengths: trimmed };
}
