import { ByteWriter } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import { encodeUtf8 } from "#standards/dicom/charset.ts";
import { concat } from "#standards/dicom/concat.ts";
import { type ByteRange, type DataSet, type Element, type Encoding, FORM } from "#standards/dicom/data-set.ts";
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from "#standards/dicom/implementation.ts";
import { ITEM, ITEM_DELIMITER, SEQUENCE_DELIMITER, type Tag } from "#standards/dicom/tag.ts";
import { transferSyntaxOrPrivate } from "#standards/dicom/transfer-syntaxes.ts";
import { VRS, type Vr } from "#standards/dicom/vr.ts";

/** A stretch of an encoded data set: bytes, or where to fetch them and the word size (bytes) in which they change byte order. */
export type Piece = Uint8Array | (ByteRange & { readonly swap: 1 | 2 | 4 | 8 });

const UNDEFINED_LENGTH = 0xffffffff;
const MAX_DEPTH = 64;

/** Reverses the bytes of every word: little to big endian and back. A rest shorter than a word stays. PS3.5 §7.3. */
export function swapWords(bytes: Uint8Array, word: 1 | 2 | 4 | 8): Uint8Array {
  if (word === 1) return bytes;
  const swapped = bytes.slice();
  for (let at = 0; at + word <= swapped.length; at += word) swapped.subarray(at, at + word).reverse();
  return swapped;
}

const sameEncoding = (a: Encoding, b: Encoding) => a.explicit === b.explicit && a.bigEndian === b.bigEndian;

/** Writes headers and small values to one buffer and remembers where larger pieces go between them. */
class DataSetWriter {
  readonly #out = new ByteWriter(4096);
  readonly #cuts: { at: number; piece: Piece }[] = [];
  #elsewhere = 0;

  /** `keep`: written as it was read; otherwise as the target suggests. */
  dataSet(dataSet: DataSet, target: Encoding, keep: boolean, depth: number): void {
    if (depth > MAX_DEPTH) throw new Fault("dicom.too-deep", `sequences are nested deeper than ${MAX_DEPTH}`);
    for (const element of dataSet) this.#element(element, dataSet, target, keep, depth);
  }

  pieces(): Piece[] {
    const bytes = this.#out.take();
    const pieces: Piece[] = [];
    let from = 0;
    for (const { at, piece } of this.#cuts) {
      if (at > from) pieces.push(bytes.subarray(from, at));
      pieces.push(piece);
      from = at;
    }
    if (bytes.length > from) pieces.push(bytes.subarray(from));
    return pieces;
  }

  get #position(): number {
    return this.#out.length + this.#elsewhere;
  }

  #u16(value: number, target: Encoding): void {
    if (target.bigEndian) this.#out.u16(value);
    else this.#out.u16le(value);
  }

  #u32(value: number, target: Encoding): void {
    if (target.bigEndian) this.#out.u32(value);
    else this.#out.u32le(value);
  }

  #tag(tag: Tag, target: Encoding): void {
    this.#u16(tag >>> 16, target);
    this.#u16(tag & 0xffff, target);
  }

  #piece(piece: Piece): void {
    this.#cuts.push({ at: this.#out.length, piece });
    this.#elsewhere += piece.length;
  }

  /** PS3.5 §7.1.2, §7.1.3. A value too long for its VR's 16-bit length is written as UN (§6.2.2). */
  #header(element: Element, length: number, target: Encoding, keep: boolean): void {
    const kind = keep ? element.form & 3 : 0;
    this.#tag(element.tag, target);
    if (kind === FORM.implicit || (kind === 0 && !target.explicit)) {
      this.#u32(length, target);
      return;
    }
    const tooLong = kind === 0 && !VRS[element.vr].long && length > 0xffff;
    const vr = (keep ? element.odd?.vr : undefined) ?? (tooLong ? "UN" : element.vr);
    for (const character of [0, 1]) this.#out.u8(vr.charCodeAt(character));
    if (kind === FORM.long || (kind === 0 && (tooLong || VRS[element.vr].long))) {
      this.#u16((keep ? element.odd?.reserved : undefined) ?? 0, target);
      this.#u32(length, target);
    } else this.#u16(length, target);
  }

  #element(element: Element, dataSet: DataSet, target: Encoding, keep: boolean, depth: number): void {
    const asRead = keep && (element.form & 3) !== 0;
    const word = dataSet.encoding.bigEndian === target.bigEndian ? 1 : VRS[element.vr].word;
    switch (element.is) {
      case "value":
        this.#value(element, word, target, asRead);
        break;
      case "range":
        this.#header(element, element.length, target, asRead);
        this.#piece({ offset: element.offset, length: element.length, swap: word });
        break;
      case "fragments":
        this.#header(element, UNDEFINED_LENGTH, target, asRead);
        this.#piece({ offset: element.offset, length: element.length, swap: 1 });
        break;
      case "sequence":
        this.#sequence(element, target, asRead, depth);
    }
  }

  #value(element: Element & { is: "value" }, word: 1 | 2 | 4 | 8, target: Encoding, asRead: boolean): void {
    const { bytes, vr } = element;
    const whole = (element.form & FORM.undefinedLength) !== 0;
    const pad = !asRead && !whole && bytes.length % 2 === 1;
    this.#header(element, whole ? UNDEFINED_LENGTH : bytes.length + (pad ? 1 : 0), target, asRead);
    const value = swapWords(bytes, word);
    if (value.length > 4096) this.#piece(value);
    else this.#out.bytes(value);
    if (pad) this.#out.u8(VRS[vr].pad);
  }

  #sequence(element: Element & { is: "sequence" }, target: Encoding, asRead: boolean, depth: number): void {
    const delimited = asRead && (element.form & FORM.undefinedLength) !== 0;
    this.#header(element, delimited ? UNDEFINED_LENGTH : 0, target, asRead);
    const lengthAt = this.#out.length - 4;
    const from = this.#position;
    const written = asRead && element.odd?.vr === "UN" ? { explicit: false, bigEndian: false } : target;
    for (const item of element.items) this.#item(item, written, asRead, depth);
    if (delimited) {
      this.#tag(SEQUENCE_DELIMITER, written);
      this.#u32(0, written);
    } else this.#patch(lengthAt, this.#position - from, target);
  }

  #item(item: DataSet, around: Encoding, asRead: boolean, depth: number): void {
    const keep = asRead && (item.form & FORM.read) !== 0;
    const delimited = keep && (item.form & FORM.undefinedLength) !== 0;
    const target = keep ? item.encoding : around;
    this.#tag(ITEM, around);
    this.#u32(delimited ? UNDEFINED_LENGTH : 0, around);
    const lengthAt = this.#out.length - 4;
    const from = this.#position;
    this.dataSet(item, target, keep, depth + 1);
    if (!delimited) this.#patch(lengthAt, this.#position - from, around);
    else if ((item.form & FORM.noDelimiter) === 0) {
      this.#tag(ITEM_DELIMITER, around);
      this.#u32(0, around);
    }
  }

  #patch(at: number, length: number, target: Encoding): void {
    if (target.bigEndian) this.#out.patchU32(at, length);
    else this.#out.patchU32le(at, length);
  }
}

/**
 * A data set encoded for `transferSyntax` (a UID), as pieces in order: what was not kept in memory is named by its range in the
 * source. In the encoding it was read in, it comes out byte for byte. Deflated syntaxes come out inflated. PS3.5 §7.
 */
export function dataSetPieces(dataSet: DataSet, transferSyntax: string): Piece[] {
  const { explicit, bigEndian } = transferSyntaxOrPrivate(transferSyntax);
  const target = { explicit, bigEndian };
  const writer = new DataSetWriter();
  writer.dataSet(dataSet, target, sameEncoding(dataSet.encoding, target), 0);
  return writer.pieces();
}

/** As `dataSetPieces`, but in the encoding the data set has, whatever its transfer syntax was called. */
export function dataSetPiecesAsRead(dataSet: DataSet): Piece[] {
  const writer = new DataSetWriter();
  writer.dataSet(dataSet, dataSet.encoding, true, 0);
  return writer.pieces();
}

/** Puts pieces together; ranges are taken from `source`, in which their offsets count. Throws `internal` when they lie outside. */
export function joinPieces(pieces: readonly Piece[], source?: Uint8Array): Uint8Array {
  return concat(
    pieces.map((piece) => {
      if (piece instanceof Uint8Array) return piece;
      if (source === undefined || piece.offset + piece.length > source.length) {
        throw new Fault("internal", "a value that was not kept in memory needs the bytes it was read from");
      }
      return swapWords(source.subarray(piece.offset, piece.offset + piece.length), piece.swap);
    }),
  );
}

/** A data set as bytes, when it fits into memory. `source` is what it was read from. */
export const writeDataSet = (dataSet: DataSet, transferSyntax: string, source?: Uint8Array): Uint8Array =>
  joinPieces(dataSetPieces(dataSet, transferSyntax), source);

export type FileMeta = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly sourceAeTitle?: string;
  readonly sendingAeTitle?: string;
  readonly receivingAeTitle?: string;
  /** At most 128 bytes; zeros without. */
  readonly preamble?: Uint8Array;
};

/** Preamble, DICM and group 0002: what stands before a data set in a file. PS3.10 §7.1. */
export function fileMetaBytes(meta: FileMeta): Uint8Array {
  const body = new ByteWriter(256);
  const put = (element: number, vr: Vr, value: Uint8Array) => {
    const { long, pad } = VRS[vr];
    const length = value.length + (value.length % 2);
    body.u16le(2).u16le(element).u8(vr.charCodeAt(0)).u8(vr.charCodeAt(1));
    if (long) body.u16le(0).u32le(length);
    else body.u16le(length);
    body.bytes(value);
    if (value.length % 2 === 1) body.u8(pad);
  };
  const putText = (element: number, vr: Vr, value: string | undefined) => {
    if (value !== undefined) put(element, vr, encodeUtf8(value));
  };
  put(0x0001, "OB", Uint8Array.of(0, 1));
  putText(0x0002, "UI", meta.sopClassUid);
  putText(0x0003, "UI", meta.sopInstanceUid);
  putText(0x0010, "UI", meta.transferSyntaxUid);
  putText(0x0012, "UI", IMPLEMENTATION_CLASS_UID);
  putText(0x0013, "SH", IMPLEMENTATION_VERSION_NAME);
  putText(0x0016, "AE", meta.sourceAeTitle);
  putText(0x0017, "AE", meta.sendingAeTitle);
  putText(0x0018, "AE", meta.receivingAeTitle);
  const head = new ByteWriter(144 + body.length);
  const preamble = new Uint8Array(128);
  preamble.set((meta.preamble ?? new Uint8Array(0)).subarray(0, 128));
  head.bytes(preamble).bytes(encodeUtf8("DICM"));
  head.u16le(2).u16le(0).bytes(encodeUtf8("UL")).u16le(4).u32le(body.length);
  return head.bytes(body.take()).take();
}

/** The front of a file as it was read: its preamble (with DICM if there was one) and group 0002, byte for byte. */
export function fileMetaAsRead(preamble: Uint8Array, meta: DataSet): Uint8Array {
  const group = joinPieces(dataSetPiecesAsRead(meta));
  return concat(preamble.length === 128 ? [preamble, encodeUtf8("DICM"), group] : [preamble, group]);
}

/** A whole Part 10 file in memory: `fileMetaBytes` and the data set in explicit VR little endian unless said otherwise. */
export function writePart10(meta: FileMeta, dataSet: DataSet, source?: Uint8Array): Uint8Array {
  return concat([fileMetaBytes(meta), writeDataSet(dataSet, meta.transferSyntaxUid, source)]);
}

/** The value of an encapsulated pixel data element: Basic Offset Table, one fragment a frame, delimiter. PS3.5 §A.4. */
export function encapsulate(frames: readonly Uint8Array[]): Uint8Array {
  const even = frames.map((frame) => (frame.length % 2 === 0 ? frame : concat([frame, Uint8Array.of(0)])));
  const head = new ByteWriter(8 + 4 * frames.length);
  const item = (length: number) => new ByteWriter(8).u16le(0xfffe).u16le(0xe000).u32le(length).take();
  head.bytes(item(4 * frames.length));
  let at = 0;
  for (const frame of even) {
    head.u32le(at);
    at += 8 + frame.length;
  }
  const end = new ByteWriter(8).u16le(0xfffe).u16le(0xe0dd).u32le(0).take();
  return concat([head.take(), ...even.flatMap((frame) => [item(frame.length), frame]), end]);
}
