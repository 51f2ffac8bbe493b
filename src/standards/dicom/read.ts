import { Fault } from "#kit/fault.ts";
import { concat } from "#standards/dicom/concat.ts";
import { DataSet, type Element, type Encoding, EXPLICIT_LITTLE } from "#standards/dicom/data-set.ts";
import type { FrameIndex } from "#standards/dicom/frames.ts";
import { Inflater } from "#standards/dicom/inflate.ts";
import { INSPECTED_BYTES, inspect, isMarked, MARKED_BYTES } from "#standards/dicom/inspect.ts";
import { frameIndexOf } from "#standards/dicom/reading/frame-index.ts";
import type { PixelSpan } from "#standards/dicom/reading/levels.ts";
import { DEFAULT_LIMITS, type Limits } from "#standards/dicom/reading/limits.ts";
import { DataSetParser } from "#standards/dicom/reading/parser.ts";
import type { Tag } from "#standards/dicom/tag.ts";
import { IMPLICIT_LE, type TransferSyntax, transferSyntaxOrPrivate } from "#standards/dicom/transfer-syntaxes.ts";
import { bytes, uid } from "#standards/dicom/values.ts";

/** What is known once the pixel data begins (or the data set ends). Offsets count from the start of the file. */
export type Header = {
  /** The 128 bytes before DICM, or fewer where the file had fewer. */
  readonly preamble: Uint8Array;
  /** Group 0002, empty for a bare data set. PS3.10 §7.1. */
  readonly meta: DataSet;
  readonly dataSet: DataSet;
  readonly transferSyntax: TransferSyntax;
  readonly dataSetOffset: number;
};

export type ReadResult = Header & {
  readonly pixelData: PixelSpan | undefined;
  readonly frameIndex: FrameIndex;
  /** The data set was deflated: offsets of ranges and frames count in the inflated data set. */
  readonly inflated: boolean;
  /** The data set is not written as its transfer syntax says; `dataSet.encoding` is how it really is. */
  readonly contradictsSyntax: boolean;
  /** Zeros behind the end of the data set, in bytes. */
  readonly trailingZeros: number;
  readonly bytesRead: number;
};

export type ReaderOptions = {
  /** The UID of the transfer syntax of a bare data set. Without it a Part 10 file is expected, or what `inspect` is certain of. */
  readonly transferSyntax?: string;
  /** Where the bare data set will stand in its Part 10 file, in bytes: offsets are given as if it stood there. */
  readonly origin?: number;
  /** How many bytes will come, if that is known: lengths are checked against it at once. */
  readonly totalLength?: number;
  readonly limits?: Partial<Limits>;
  /** A finished element of the data set (not of its items). */
  readonly onElement?: (element: Element) => void;
  /** All attributes before the pixel data are there; later ones (padding, signatures) come into the same data set. */
  readonly onHeader?: (header: Header) => void;
};

const TRANSFER_SYNTAX_UID: Tag = 0x00020010;
const META_GROUP_LENGTH: Tag = 0x00020000;
const NOTHING = new Uint8Array(0);

/**
 * Reads a Part 10 file (PS3.10 §7) or a bare data set from chunks of any size as they come. Pixel data and large values are passed
 * over, not kept: they are known by where they stand. Memory is bounded by `limits`, whatever the lengths in the file claim.
 */
export class Part10Reader {
  readonly #options: ReaderOptions;
  readonly #limits: Limits;
  #stage: "prefix" | "meta" | "data-set" | "ended" = "prefix";
  #prefix: Uint8Array = NOTHING;
  #preamble: Uint8Array = NOTHING;
  #meta = new DataSet(EXPLICIT_LITTLE);
  #metaParser: DataSetParser | undefined;
  #parser: DataSetParser | undefined;
  #inflater: Inflater | undefined;
  #syntax: TransferSyntax = transferSyntaxOrPrivate(IMPLICIT_LE);
  #claimed: Encoding = EXPLICIT_LITTLE;
  #dataSetOffset = 0;
  #bytesRead = 0;
  #header: Header | undefined;

  constructor(options: ReaderOptions = {}) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    if (options.transferSyntax === undefined) return;
    this.#syntax = transferSyntaxOrPrivate(options.transferSyntax);
    this.#beginDataSet(this.#syntax, options.origin ?? 0);
  }

  /** What came before the pixel data; undefined until it did. */
  get header(): Header | undefined {
    return this.#header;
  }

  /** What was read so far, also of something that broke off. */
  get known(): { readonly meta: DataSet; readonly dataSet: DataSet | undefined } {
    return { meta: this.#meta, dataSet: this.#parser?.root };
  }

  /** Takes the next bytes, which may be reused afterwards. Throws `dicom.malformed`, `dicom.too-deep`, `dicom.not-dicom`, `input.too-large`. */
  write(chunk: Uint8Array): void {
    this.#bytesRead += chunk.length;
    switch (this.#stage) {
      case "prefix":
        this.#readPrefix(chunk, false);
        break;
      case "meta":
        this.#readMeta(chunk);
        break;
      case "data-set":
        this.#readDataSet(chunk);
        break;
      default:
        throw new Fault("internal", "bytes after the end of a data set");
    }
  }

  /** No more bytes will come. Throws as `write` does, and `dicom.malformed` when something is cut off. */
  end(): ReadResult {
    if (this.#stage === "prefix") this.#readPrefix(NOTHING, true);
    if (this.#stage === "meta") {
      this.#metaParser?.finish();
      this.#endMeta();
    }
    this.#inflater?.finish();
    this.#parser?.finish();
    this.#stage = "ended";
    const header = this.#announce();
    const pixelData = this.#parser?.pixels;
    const inflated = this.#inflater !== undefined;
    const { explicit, bigEndian } = header.dataSet.encoding;
    return {
      ...header,
      pixelData,
      frameIndex: frameIndexOf(header.dataSet, pixelData, this.#syntax, inflated),
      inflated,
      contradictsSyntax: explicit !== this.#claimed.explicit || bigEndian !== this.#claimed.bigEndian,
      trailingZeros: this.#parser?.trailingZeros ?? 0,
      bytesRead: this.#bytesRead,
    };
  }

  #readPrefix(chunk: Uint8Array, final: boolean): void {
    const joined = this.#prefix.length === 0 ? chunk : concat([this.#prefix, chunk]);
    const marked = joined.length >= MARKED_BYTES && isMarked(joined);
    if (!final && !marked && joined.length < INSPECTED_BYTES) {
      this.#prefix = joined.slice();
      return;
    }
    const found = inspect(joined);
    this.#prefix = NOTHING;
    if (found.is === "not-dicom") throw new Fault("dicom.not-dicom", found.reason);
    if (found.is === "bare-data-set") {
      this.#syntax = syntaxOf(found.encoding);
      this.#beginDataSet(this.#syntax, 0);
      this.#readDataSet(joined);
      return;
    }
    this.#preamble = joined.slice(0, Math.min(found.metaAt, 128));
    this.#beginMeta(found.metaAt);
    this.#readMeta(joined.subarray(found.metaAt));
  }

  #beginMeta(offset: number): void {
    let end = Number.POSITIVE_INFINITY;
    const parser: DataSetParser = new DataSetParser(EXPLICIT_LITTLE, offset, this.#end(), this.#limits, {
      onElement: (element) => {
        const value = element.tag === META_GROUP_LENGTH ? bytes(parser.root, META_GROUP_LENGTH) : undefined;
        if (value?.length !== 4) return;
        end = parser.window.offset + new DataView(value.buffer, value.byteOffset).getUint32(0, true);
      },
      // the group length decides only before a deflated stream, whose first bytes could look like anything
      metaEndsBefore: (tag, at) =>
        tag >>> 16 !== 2 ||
        (at >= end && transferSyntaxOrPrivate(uid(parser.root, TRANSFER_SYNTAX_UID) ?? "").deflated),
    });
    this.#metaParser = parser;
    this.#stage = "meta";
  }

  #end(): number {
    return this.#options.totalLength ?? Number.POSITIVE_INFINITY;
  }

  #readMeta(chunk: Uint8Array): void {
    this.#metaParser?.push(chunk);
    if (this.#metaParser?.stopped) this.#endMeta();
  }

  #endMeta(): void {
    const parser = this.#metaParser;
    if (parser === undefined) return;
    this.#metaParser = undefined;
    this.#meta = parser.root;
    const syntax = uid(parser.root, TRANSFER_SYNTAX_UID);
    const left = parser.window.peek(parser.window.available);
    if (syntax === undefined) {
      const found = inspect(left);
      this.#syntax = found.is === "bare-data-set" ? syntaxOf(found.encoding) : transferSyntaxOrPrivate(IMPLICIT_LE);
    } else this.#syntax = transferSyntaxOrPrivate(syntax);
    this.#beginDataSet(this.#syntax, parser.window.offset);
    this.#readDataSet(left);
  }

  #beginDataSet(syntax: TransferSyntax, offset: number): void {
    this.#stage = "data-set";
    this.#dataSetOffset = offset;
    this.#claimed = { explicit: syntax.explicit, bigEndian: syntax.bigEndian };
    const { onElement, totalLength, transferSyntax } = this.#options;
    const events = { onElement, onPixelData: () => this.#announce() };
    const end = transferSyntax === undefined ? this.#end() : offset + (totalLength ?? Number.POSITIVE_INFINITY);
    if (!syntax.deflated) {
      this.#parser = new DataSetParser(this.#claimed, offset, end, this.#limits, events);
      return;
    }
    const parser = new DataSetParser(this.#claimed, 0, Number.POSITIVE_INFINITY, this.#limits, events);
    this.#parser = parser;
    this.#inflater = new Inflater((inflated) => parser.push(inflated), budget(this.#limits));
  }

  #readDataSet(chunk: Uint8Array): void {
    if (this.#inflater === undefined) this.#parser?.push(chunk);
    else if (!this.#inflater.done) this.#inflater.push(chunk);
  }

  #announce(): Header {
    if (this.#header !== undefined) return this.#header;
    const header: Header = {
      preamble: this.#preamble,
      meta: this.#meta,
      dataSet: this.#parser?.root ?? new DataSet(),
      transferSyntax: this.#syntax,
      dataSetOffset: this.#dataSetOffset,
    };
    this.#header = header;
    this.#options.onHeader?.(header);
    return header;
  }
}

function budget({ inflated, inflatedFree, inflatedRatio }: Limits) {
  return (produced: number, consumed: number) => {
    if (produced > inflated || produced > Math.max(inflatedFree, consumed * inflatedRatio)) {
      throw new Fault(
        "input.too-large",
        `the deflated data set grows beyond what is allowed: ${produced} bytes from ${consumed}`,
      );
    }
  };
}

function syntaxOf({ explicit, bigEndian }: Encoding): TransferSyntax {
  return transferSyntaxOrPrivate(explicit ? (bigEndian ? "1.2.840.10008.1.2.2" : "1.2.840.10008.1.2.1") : IMPLICIT_LE);
}

/** A reader for a data set without file meta information, as DIMSE carries it. */
export const dataSetReader = (options: ReaderOptions & { readonly transferSyntax: string }): Part10Reader =>
  new Part10Reader(options);

/** Reads a whole Part 10 file (or certain bare data set) that is in memory. Throws as `Part10Reader` does. */
export function readPart10(file: Uint8Array, options: Omit<ReaderOptions, "totalLength"> = {}): ReadResult {
  const reader = new Part10Reader({ ...options, totalLength: file.length });
  reader.write(file);
  return reader.end();
}

/** Reads a whole bare data set in memory, written in `transferSyntax`. Throws as `Part10Reader` does. */
export function readDataSet(dataSet: Uint8Array, transferSyntax: string): DataSet {
  return readPart10(dataSet, { transferSyntax }).dataSet;
}
