import { Fault, type FaultCode } from "#kit/fault.ts";
import {
  DataSet,
  type Element,
  type Encoding,
  FORM,
  IMPLICIT_LITTLE,
  type SequenceElement,
} from "#standards/dicom/data-set.ts";
import { placeOf } from "#standards/dicom/dictionary.ts";
import { Collector } from "#standards/dicom/reading/collector.ts";
import { contradiction, emptyHeader, readHeader, UNDEFINED_LENGTH } from "#standards/dicom/reading/element-header.ts";
import { dataSetLevel, itemLevel, type Level, OpenFragments, type PixelSpan } from "#standards/dicom/reading/levels.ts";
import type { Limits } from "#standards/dicom/reading/limits.ts";
import { ByteWindow } from "#standards/dicom/reading/window.ts";
import { ITEM, ITEM_DELIMITER, isPixelData, isPrivate, SEQUENCE_DELIMITER, type Tag } from "#standards/dicom/tag.ts";

export type ParserEvents = {
  /** A finished element of the data set itself (not of an item). */
  readonly onElement?: ((element: Element) => void) | undefined;
  /** Everything before the pixel data is there. */
  readonly onPixelData?: (() => void) | undefined;
  /** This is file meta information: it ends before the element for which this is true. */
  readonly metaEndsBefore?: ((tag: Tag, offset: number) => boolean) | undefined;
};

type DataSetLevel = Level & { is: "data-set" };

/** PS3.5 §7: reads one data set from chunks of any size. Iterative; depth, counts and kept bytes are bounded by `limits`. */
export class DataSetParser {
  readonly root: DataSet;
  readonly window: ByteWindow;
  pixels: PixelSpan | undefined;
  /** The meta information has ended; what was not consumed waits in `window`. */
  stopped = false;
  /** Zeros behind the data set, in bytes: some writers fill blocks with them. */
  trailingZeros = 0;
  readonly #limits: Limits;
  readonly #events: ParserEvents;
  readonly #header = emptyHeader();
  readonly #outer: Level[] = [];
  #level: Level;
  #skip = 0;
  #collector: Collector | undefined;
  #afterCollect: ((bytes: Uint8Array) => void) | undefined;
  #last: Tag = 0;
  #elements = 0;
  #own = 0;
  #kept = 0;

  /** `end`: where the bytes end if that is known, else Infinity. Offsets count from `origin`. */
  constructor(encoding: Encoding, origin: number, end: number, limits: Limits, events: ParserEvents) {
    this.root = new DataSet(encoding);
    this.window = new ByteWindow(origin);
    this.#limits = limits;
    this.#events = events;
    this.#level = dataSetLevel(0, end, false, this.root);
  }

  /** Takes the next bytes; the chunk may be reused afterwards unless `stopped`. Throws Faults `dicom.*`, `input.too-large`. */
  push(chunk: Uint8Array): void {
    if (this.#skip > chunk.length && this.window.available === 0) {
      this.#skip -= chunk.length;
      this.window.pass(chunk.length);
      return;
    }
    this.window.push(chunk);
    while (!this.stopped && this.#step(false)) {}
    if (!this.stopped) this.window.settle();
  }

  /** No more bytes will come. Throws `dicom.malformed` when something is left open. */
  finish(): void {
    while (!this.stopped && this.#step(true)) {}
    if (this.stopped) return;
    const { available, offset } = this.window;
    if (this.#skip > 0 || this.#collector !== undefined || available > 0) {
      throw this.#fault(this.#header.tag, offset, `is cut off: ${available} bytes are left`);
    }
    if (this.#outer.length > 0) throw this.#fault(this.#level.tag, offset, "is not closed when the bytes end");
  }

  #fault(tag: Tag, offset: number, what: string, code: FaultCode = "dicom.malformed"): Fault {
    const place = placeOf(tag);
    return new Fault(code, `${place} at offset ${offset} ${what}`, { place });
  }

  get #atTop(): boolean {
    return this.#outer.length === 0;
  }

  /** One element, item or fragment; false when more bytes are needed. */
  #step(final: boolean): boolean {
    const { window } = this;
    if (this.#skip > 0) {
      const passed = Math.min(this.#skip, window.available);
      window.skip(passed);
      this.#skip -= passed;
      if (this.#skip > 0) return false;
    }
    if (this.#collector !== undefined && !this.#collected(this.#collector)) return false;
    const level = this.#level;
    if (window.offset === level.end) {
      if (this.#atTop) return false;
      this.#close(level, level.delimited);
      return true;
    }
    switch (level.is) {
      case "data-set":
        return this.trailingZeros > 0 ? this.#zeros() : this.#element(level, final);
      case "sequence":
        return this.#item(level);
      case "fragments":
        return this.#fragment(level);
    }
  }

  #collected(collector: Collector): boolean {
    const bytes = collector.take(this.window);
    if (bytes === undefined) return false;
    const then = this.#afterCollect;
    this.#collector = undefined;
    this.#afterCollect = undefined;
    then?.(bytes);
    return true;
  }

  #element(level: DataSetLevel, final: boolean): boolean {
    const { window } = this;
    const header = this.#header;
    if (this.#atTop && this.#metaEnds(level, final)) return false;
    if (window.available < 8) return false;
    if (level.fresh) this.#begin(level);
    const { dataSet } = level;
    const offset = window.offset;
    const tag = window.tag(0, !dataSet.encoding.bigEndian);
    if (tag >= ITEM) {
      this.#itemEnds(level, tag, offset);
      return true;
    }
    if (this.#atTop && !this.#mayStandHere(tag, offset)) return true;
    if (!readHeader(window, header, dataSet)) return false;
    window.skip(header.bytes);
    this.#count(tag, offset);
    if (dataSet.elements.size >= this.#limits.own) throw this.#tooMany(tag, offset);
    const { length } = header;
    if (length === UNDEFINED_LENGTH) {
      this.#openUndefined(level, offset);
      return true;
    }
    const left = level.end - window.offset;
    if (length > left) throw this.#fault(tag, offset, `says ${length} bytes, ${left} are left`);
    if (header.vr === "SQ") this.#openSequence(level, offset, window.offset + length, false);
    else this.#value(level, offset);
    return true;
  }

  #metaEnds(level: DataSetLevel, final: boolean): boolean {
    const { window } = this;
    const { metaEndsBefore } = this.#events;
    if (metaEndsBefore === undefined) return false;
    if (window.available < 4 && !final) return false;
    const tag = window.available >= 4 ? window.tag(0, !level.dataSet.encoding.bigEndian) : 0;
    this.stopped = metaEndsBefore(tag, window.offset);
    return this.stopped;
  }

  /** Refuses file meta information inside a data set (PS3.10 §7.1); turns to trailing zeros, which look like (0000,0000). */
  #mayStandHere(tag: Tag, offset: number): boolean {
    const isMeta = this.#events.metaEndsBefore !== undefined;
    if (tag >>> 16 === 2 && !isMeta) throw this.#fault(tag, offset, "is file meta information inside a data set");
    if (tag === 0 && this.#last > 0) {
      this.trailingZeros = this.window.available;
      this.#checkZeros();
      return false;
    }
    this.#last = tag;
    return true;
  }

  #zeros(): boolean {
    this.trailingZeros += this.window.available;
    this.#checkZeros();
    return false;
  }

  #checkZeros(): void {
    const { window } = this;
    const { available, offset } = window;
    if (window.peek(available).some((byte) => byte !== 0)) {
      throw this.#fault(0, offset, "stands behind the end of the data set");
    }
    window.skip(available);
  }

  /** The first element of a data set or item shows whether it is written as it claims. */
  #begin(level: DataSetLevel): void {
    level.fresh = false;
    const { dataSet } = level;
    if (this.window.tag(0, !dataSet.encoding.bigEndian) >= ITEM) return;
    const other = contradiction(this.window, dataSet.encoding, level.end - this.window.offset);
    if (other !== undefined) dataSet.encoding = other;
  }

  #count(tag: Tag, offset: number): void {
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) {
      throw this.#fault(tag, offset, `is more than the ${this.#limits.elements} elements allowed`, "input.too-large");
    }
    if (this.#atTop || isPrivate((this.#outer[1] ?? this.#level).tag)) this.#own += 1;
    if (this.#own > this.#limits.own) throw this.#tooMany(tag, offset);
  }

  #tooMany(tag: Tag, offset: number): Fault {
    const what = `is more than the ${this.#limits.own} elements allowed in one data set and its private sequences`;
    return this.#fault(tag, offset, what, "input.too-large");
  }

  #itemEnds(level: DataSetLevel, tag: Tag, offset: number): void {
    if (tag !== ITEM_DELIMITER || !level.delimited) throw this.#fault(tag, offset, "stands where an element should");
    this.window.skip(8);
    this.#close(level, false);
  }

  #value(level: DataSetLevel, offset: number): void {
    const { window } = this;
    const { tag, vr, length, form, odd } = this.#header;
    const { dataSet } = level;
    const range = { offset: window.offset, length };
    const isPixels = this.#atTop && isPixelData(tag);
    if (isPixels) {
      const none = { fragments: undefined, marks: [], basicOffsets: undefined };
      this.pixels = { tag, vr, ...range, encapsulated: false, ...none };
      this.#events.onPixelData?.();
    }
    if (isPixels || length > this.#keepUpTo(tag)) {
      this.#add(dataSet, { is: "range", tag, vr, form, odd, ...range }, offset);
      this.#skip = length;
      return;
    }
    this.#kept += length;
    if (window.available >= length) {
      this.#add(dataSet, { is: "value", tag, vr, form, odd, bytes: window.take(length) }, offset);
      return;
    }
    this.#collect(length, (bytes) => this.#add(dataSet, { is: "value", tag, vr, form, odd, bytes }, offset));
  }

  #keepUpTo(tag: Tag): number {
    const { keepValue, keepTotal, keepOffsets } = this.#limits;
    if (tag === 0x7fe00001 || tag === 0x7fe00002) return keepOffsets;
    return this.#kept < keepTotal ? keepValue : Math.min(keepValue, 64);
  }

  #collect(length: number, then: (bytes: Uint8Array) => void): void {
    this.#collector = new Collector(length);
    this.#afterCollect = then;
  }

  #add(dataSet: DataSet, element: Element, offset: number): void {
    if (dataSet.has(element.tag)) throw this.#fault(element.tag, offset, "stands twice in one data set");
    dataSet.set(element);
    if (this.#atTop) this.#events.onElement?.(element);
  }

  #openUndefined(level: DataSetLevel, offset: number): void {
    const { tag, vr, form } = this.#header;
    const isPixels = this.#atTop && isPixelData(tag);
    if (!isPixels && vr !== "OB" && vr !== "OW") {
      if (vr !== "SQ" && vr !== "UN") throw this.#fault(tag, offset, `has VR ${vr} and no length`);
      this.#openSequence(level, offset, level.end, true);
      return;
    }
    if (isPixels) this.#events.onPixelData?.();
    const { dataSet, end } = level;
    const written = vr === "UN" || (vr === "OW" && dataSet.encoding.explicit) ? vr : "OB";
    const open = new OpenFragments(tag, written, form, this.window.offset);
    this.#enter({ is: "fragments", tag, end, delimited: true, dataSet, open }, offset);
  }

  #enter(level: Level, offset: number): void {
    if (this.#outer.length >= this.#limits.depth * 2) {
      throw this.#fault(level.tag, offset, `is nested deeper than ${this.#limits.depth} sequences`, "dicom.too-deep");
    }
    this.#outer.push(this.#level);
    this.#level = level;
  }

  #openSequence(level: DataSetLevel, offset: number, end: number, delimited: boolean): void {
    const { tag, vr, form, odd: odds } = this.#header;
    const { dataSet } = level;
    const odd = vr === "UN" && dataSet.encoding.explicit ? { ...odds, vr: "UN" } : odds;
    // PS3.5 §6.2.2 (CP-246): the content of UN is in implicit VR little endian, whatever surrounds it
    const encoding = odd?.vr === "UN" ? IMPLICIT_LITTLE : dataSet.encoding;
    const written = delimited ? form | FORM.undefinedLength : form;
    const element: SequenceElement = { is: "sequence", tag, vr: "SQ", form: written, odd, items: [] };
    this.#add(dataSet, element, offset);
    this.#enter({ is: "sequence", tag, end, delimited, dataSet, encoding, element }, offset);
  }

  #item(level: Level & { is: "sequence" }): boolean {
    const { window } = this;
    if (window.available < 8) return false;
    const little = !level.encoding.bigEndian;
    const offset = window.offset;
    const tag = window.tag(0, little);
    const length = window.u32(4, little);
    window.skip(8);
    if (tag === SEQUENCE_DELIMITER && level.delimited) {
      this.#close(level, false);
      return true;
    }
    if (tag !== ITEM) throw this.#fault(level.tag, offset, `holds ${placeOf(tag)} where an item should begin`);
    this.#count(level.tag, offset);
    const delimited = length === UNDEFINED_LENGTH;
    const left = level.end - window.offset;
    if (!delimited && length > left) {
      throw this.#fault(level.tag, offset, `has an item of ${length} bytes, ${left} are left`);
    }
    this.#enter(itemLevel(level, delimited ? level.end : window.offset + length, delimited), offset);
    return true;
  }

  #fragment(level: Level & { is: "fragments" }): boolean {
    const { window } = this;
    const { open } = level;
    if (window.available < 8) return false;
    const little = !level.dataSet.encoding.bigEndian;
    const offset = window.offset;
    const tag = window.tag(0, little);
    const length = window.u32(4, little);
    if (tag === SEQUENCE_DELIMITER) {
      window.skip(8);
      this.#close(level, false);
      return true;
    }
    if (tag !== ITEM) throw this.#fault(level.tag, offset, `holds ${placeOf(tag)} where a fragment should begin`);
    const left = level.end - offset - 8;
    if (length > left || length === UNDEFINED_LENGTH) {
      throw this.#fault(level.tag, offset, `has a fragment of ${length} bytes, ${left} are left`);
    }
    if (window.available < 8 + Math.min(length, 2)) return false;
    open.seen += 1;
    if (open.seen > this.#limits.fragments) {
      throw this.#fault(level.tag, offset, `has more than ${this.#limits.fragments} fragments`, "input.too-large");
    }
    const mark = length >= 2 ? window.u16(8, false) : 0;
    window.skip(8);
    if (open.seen > 1) open.add(offset + 8, length, mark);
    else if (length <= this.#limits.keepOffsets) {
      this.#collect(length, (bytes) => {
        open.basicOffsets = bytes;
      });
      return true;
    }
    this.#skip = length;
    return true;
  }

  #close(level: Level, withoutDelimiter: boolean): void {
    const { offset } = this.window;
    if (withoutDelimiter && level.is !== "data-set") {
      throw this.#fault(level.tag, offset, "is not closed where what holds it ends");
    }
    const outer = this.#outer.pop();
    if (outer === undefined) return;
    this.#level = outer;
    if (level.is === "data-set" && withoutDelimiter) level.dataSet.form |= FORM.noDelimiter;
    if (level.is !== "fragments") return;
    if (this.#atTop && isPixelData(level.tag)) this.pixels = level.open.span(offset);
    this.#add(level.dataSet, level.open.element(offset), offset);
  }
}
