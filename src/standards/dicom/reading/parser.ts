import { Fault } from "#kit/fault.ts";
import {
  type ByteRange,
  DataSet,
  type Element,
  type Encoding,
  FORM,
  type Fragments,
  IMPLICIT_LITTLE,
  type SequenceElement,
} from "#standards/dicom/data-set.ts";
import { placeOf } from "#standards/dicom/dictionary.ts";
import { Collector } from "#standards/dicom/reading/collector.ts";
import { contradiction, emptyHeader, readHeader, UNDEFINED_LENGTH } from "#standards/dicom/reading/element-header.ts";
import type { Limits } from "#standards/dicom/reading/limits.ts";
import { ByteWindow } from "#standards/dicom/reading/window.ts";
import { ITEM, ITEM_DELIMITER, isPixelData, SEQUENCE_DELIMITER, type Tag } from "#standards/dicom/tag.ts";

/** What stands under (7FE0,0010), (7FE0,0008) or (7FE0,0009) of the data set itself. */
export type PixelSpan = ByteRange & {
  readonly tag: Tag;
  readonly vr: string;
  readonly encapsulated: boolean;
  readonly fragments: Fragments | undefined;
  /** The first two bytes of every fragment, big-endian: a code stream that begins here shows its marker. */
  readonly marks: readonly number[];
  /** The value of the Basic Offset Table item. PS3.5 §A.4. */
  readonly basicOffsets: Uint8Array | undefined;
};

/** What is being read: the data set or an item; a sequence between its items; an encapsulated value between its fragments. */
type Level = {
  readonly is: "data-set" | "sequence" | "fragments";
  readonly tag: Tag;
  /** Where it ends; of an undefined length, where whatever holds it ends. */
  readonly end: number;
  readonly delimited: boolean;
  readonly dataSet: DataSet;
  /** How items inside are written. */
  readonly encoding: Encoding;
  readonly element: SequenceElement | undefined;
  readonly fragments: OpenFragments | undefined;
  fresh: boolean;
};

type OpenFragments = {
  offsets: number[];
  lengths: number[];
  marks: number[];
  basicOffsets: Uint8Array | undefined;
  seen: number;
  start: number;
  vr: "OB" | "OW" | "UN";
  form: number;
};

export type ParserEvents = {
  /** A finished element of the data set itself (not of an item). */
  onElement?: ((element: Element) => void) | undefined;
  /** Everything before the pixel data is there. */
  onPixelData?: (() => void) | undefined;
  /** Asked before each element of the data set itself; true ends the parse there. */
  stopBefore?: ((tag: Tag, offset: number) => boolean) | undefined;
};

/** PS3.5 §7: reads one data set from chunks of any size. Iterative; depth, counts and kept bytes are bounded by `limits`. */
export class DataSetParser {
  readonly root: DataSet;
  readonly window: ByteWindow;
  pixels: PixelSpan | undefined;
  stopped = false;
  readonly #limits: Limits;
  readonly #events: ParserEvents;
  readonly #header = emptyHeader();
  readonly #levels: Level[] = [];
  #level: Level;
  #skip = 0;
  #collector: Collector | undefined;
  #afterCollect: ((bytes: Uint8Array) => void) | undefined;
  #elements = 0;
  #kept = 0;

  /** `end`: where the bytes end if that is known, else Infinity. Offsets count from `origin`. */
  constructor(encoding: Encoding, origin: number, end: number, limits: Limits, events: ParserEvents) {
    this.root = new DataSet(encoding);
    this.window = new ByteWindow(origin);
    this.#limits = limits;
    this.#events = events;
    this.#level = {
      is: "data-set",
      tag: 0,
      end,
      delimited: false,
      dataSet: this.root,
      encoding,
      element: undefined,
      fragments: undefined,
      fresh: true,
    };
  }

  /** Takes the next bytes; the chunk may be reused afterwards unless `stopped`, when what is left of it waits in `window`. Throws Faults `dicom.*`. */
  push(chunk: Uint8Array): void {
    this.window.push(chunk);
    this.#run(false);
    if (!this.stopped) this.window.settle();
  }

  /** No more bytes will come. Throws `dicom.malformed` when something is left open. */
  finish(): void {
    this.#run(true);
    if (this.stopped) return;
    const level = this.#level;
    if (this.#skip > 0 || this.#collector !== undefined || this.window.available > 0) {
      const left = this.window.available;
      throw this.#fault(this.#header.tag, this.window.offset, `is cut off: ${left} bytes are left`);
    }
    if (this.#levels.length > 0) throw this.#fault(level.tag, this.window.offset, "is not closed when the bytes end");
  }

  #fault(
    tag: Tag,
    offset: number,
    what: string,
    code: "dicom.malformed" | "dicom.too-deep" | "input.too-large" = "dicom.malformed",
  ) {
    const place = placeOf(tag);
    return new Fault(code, `${place} at offset ${offset} ${what}`, { place });
  }

  #run(final: boolean): void {
    while (!this.stopped && this.#step(final)) {}
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
    if (this.#collector !== undefined) {
      const bytes = this.#collector.take(window);
      if (bytes === undefined) return false;
      this.#collector = undefined;
      this.#afterCollect?.(bytes);
      this.#afterCollect = undefined;
    }
    const level = this.#level;
    if (window.offset === level.end) {
      if (this.#levels.length === 0) return false;
      this.#close(level, level.delimited);
      return true;
    }
    switch (level.is) {
      case "data-set":
        return this.#element(level, final);
      case "sequence":
        return this.#item(level);
      case "fragments":
        return this.#fragment(level);
    }
  }

  #element(level: Level, final: boolean): boolean {
    const { window } = this;
    const header = this.#header;
    const top = this.#levels.length === 0;
    if (window.available < 8 && top && this.#events.stopBefore !== undefined) {
      if (this.#stops(level, final)) return false;
    }
    if (window.available < 8) return false;
    if (level.fresh) this.#begin(level);
    const { dataSet } = level;
    const { encoding } = dataSet;
    const offset = window.offset;
    const tag = window.tag(0, !encoding.bigEndian);
    if (tag >= ITEM) {
      this.#delimiter(level, tag, offset);
      return true;
    }
    if (top && this.#stops(level, final)) return false;
    if (!readHeader(window, header, dataSet, encoding)) return false;
    window.skip(header.bytes);
    this.#count(tag, offset);
    const { length } = header;
    if (length === UNDEFINED_LENGTH) this.#openUndefined(level, offset);
    else {
      const left = level.end - window.offset;
      if (length > left) throw this.#fault(tag, offset, `says ${length} bytes, ${left} are left`);
      if (header.vr === "SQ") this.#openSequence(level, offset, window.offset + length, false);
      else this.#value(level, offset);
    }
    return true;
  }

  #stops(level: Level, final: boolean): boolean {
    const { window } = this;
    const { stopBefore } = this.#events;
    if (stopBefore === undefined) return false;
    const tag = window.available >= 4 ? window.tag(0, !level.encoding.bigEndian) : 0;
    if (window.available < 4 && !final) return false;
    if (!stopBefore(tag, window.offset)) return false;
    this.stopped = true;
    return true;
  }

  /** The first element of a data set or item shows whether it is written as it claims. */
  #begin(level: Level): void {
    level.fresh = false;
    const tag = this.window.tag(0, !level.encoding.bigEndian);
    if (tag >= ITEM) return;
    const other = contradiction(this.window, level.encoding, level.end - this.window.offset);
    if (other !== undefined) level.dataSet.encoding = other;
  }

  #count(tag: Tag, offset: number): void {
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) {
      throw this.#fault(tag, offset, `is more than the ${this.#limits.elements} elements allowed`, "input.too-large");
    }
  }

  #delimiter(level: Level, tag: Tag, offset: number): void {
    const closes = tag === ITEM_DELIMITER && level.delimited && this.#levels.length > 0;
    if (!closes) throw this.#fault(tag, offset, "stands where an element should");
    this.window.skip(8);
    this.#close(level, false);
  }

  #value(level: Level, offset: number): void {
    const { window } = this;
    const { tag, vr, length, form, odd } = this.#header;
    const { dataSet } = level;
    const top = this.#levels.length === 0;
    const at = window.offset;
    if (top && isPixelData(tag)) {
      this.pixels = {
        tag,
        vr,
        offset: at,
        length,
        encapsulated: false,
        fragments: undefined,
        marks: [],
        basicOffsets: undefined,
      };
      this.#events.onPixelData?.();
      this.#add(dataSet, { is: "range", tag, vr, form, odd, offset: at, length }, top, offset);
      this.#skip = length;
      return;
    }
    if (length > this.#keepUpTo(tag)) {
      this.#skip = length;
      this.#add(dataSet, { is: "range", tag, vr, form, odd, offset: at, length }, top, offset);
      return;
    }
    this.#kept += length;
    const keep = (bytes: Uint8Array) => this.#add(dataSet, { is: "value", tag, vr, form, odd, bytes }, top, offset);
    if (window.available >= length) keep(window.take(length));
    else this.#collect(length, keep);
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

  #add(dataSet: DataSet, element: Element, top: boolean, offset: number): void {
    const earlier = dataSet.elements.get(element.tag);
    if (earlier !== undefined) throw this.#fault(element.tag, offset, "stands twice in one data set");
    dataSet.set(element);
    if (top) this.#events.onElement?.(element);
  }

  #openUndefined(level: Level, offset: number): void {
    const { tag, vr } = this.#header;
    const top = this.#levels.length === 0;
    const binary = vr === "OB" || vr === "OW";
    if ((top && isPixelData(tag)) || binary) {
      if (top && isPixelData(tag)) this.#events.onPixelData?.();
      this.#openFragments(level, offset, vr === "OW" ? "OW" : vr === "UN" ? "UN" : "OB");
      return;
    }
    if (vr !== "SQ" && vr !== "UN") throw this.#fault(tag, offset, `has VR ${vr} and no length`);
    this.#openSequence(level, offset, level.end, true);
  }

  #push(level: Level, offset: number): void {
    if (this.#levels.length >= this.#limits.depth * 2) {
      throw this.#fault(level.tag, offset, `is nested deeper than ${this.#limits.depth} sequences`, "dicom.too-deep");
    }
    this.#levels.push(this.#level);
    this.#level = level;
  }

  #openSequence(level: Level, offset: number, end: number, delimited: boolean): void {
    const { tag, vr, form } = this.#header;
    const { dataSet } = level;
    const odd = vr === "UN" && dataSet.encoding.explicit ? { ...this.#header.odd, vr: "UN" } : this.#header.odd;
    // PS3.5 §6.2.2 (CP-246): the content of UN is in implicit VR little endian, whatever surrounds it
    const encoding = odd?.vr === "UN" ? IMPLICIT_LITTLE : dataSet.encoding;
    const element: SequenceElement = {
      is: "sequence",
      tag,
      vr: "SQ",
      form: delimited ? form | FORM.undefinedLength : form,
      odd,
      items: [],
    };
    this.#add(dataSet, element, this.#levels.length === 0, offset);
    this.#push(
      { is: "sequence", tag, end, delimited, dataSet, encoding, element, fragments: undefined, fresh: false },
      offset,
    );
  }

  #item(level: Level): boolean {
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
    if (!delimited && length > left)
      throw this.#fault(level.tag, offset, `has an item of ${length} bytes, ${left} are left`);
    const dataSet = new DataSet(level.encoding, level.dataSet);
    dataSet.form = FORM.read | (delimited ? FORM.undefinedLength : 0);
    level.element?.items.push(dataSet);
    const end = delimited ? level.end : window.offset + length;
    const item: Level = {
      is: "data-set",
      tag: level.tag,
      end,
      delimited,
      dataSet,
      encoding: level.encoding,
      element: undefined,
      fragments: undefined,
      fresh: true,
    };
    this.#push(item, offset);
    return true;
  }

  #openFragments(level: Level, offset: number, vr: "OB" | "OW" | "UN"): void {
    const { tag, form } = this.#header;
    const fragments: OpenFragments = {
      offsets: [],
      lengths: [],
      marks: [],
      basicOffsets: undefined,
      seen: 0,
      start: this.window.offset,
      vr,
      form: form | FORM.undefinedLength,
    };
    const { dataSet, end } = level;
    const encoding = dataSet.encoding;
    this.#push(
      { is: "fragments", tag, end, delimited: true, dataSet, encoding, element: undefined, fragments, fresh: false },
      offset,
    );
  }

  #fragment(level: Level): boolean {
    const { window } = this;
    if (window.available < 8) return false;
    const little = !level.encoding.bigEndian;
    const offset = window.offset;
    const tag = window.tag(0, little);
    const length = window.u32(4, little);
    const open = level.fragments;
    if (open === undefined) return false;
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
    if (open.seen === 1 && length <= this.#limits.keepOffsets) {
      this.#collect(length, (bytes) => {
        open.basicOffsets = bytes;
      });
      return true;
    }
    this.#skip = length;
    if (open.seen === 1) return true;
    open.offsets.push(offset + 8);
    open.lengths.push(length);
    open.marks.push(mark);
    return true;
  }

  #close(level: Level, withoutDelimiter: boolean): void {
    const parent = this.#levels.pop();
    if (parent === undefined) return;
    this.#level = parent;
    if (level.is === "data-set") {
      if (withoutDelimiter) level.dataSet.form |= FORM.noDelimiter;
      return;
    }
    if (level.is === "sequence") {
      if (withoutDelimiter) throw this.#fault(level.tag, this.window.offset, "is not closed where its parent ends");
      return;
    }
    if (withoutDelimiter) throw this.#fault(level.tag, this.window.offset, "has no delimiter behind its fragments");
    const open = level.fragments;
    if (open === undefined) return;
    const { start: offset, vr, form, offsets, lengths, marks, basicOffsets } = open;
    const fragments: Fragments = { offsets, lengths };
    const length = this.window.offset - offset;
    const top = this.#levels.length === 0;
    if (top && isPixelData(level.tag)) {
      this.pixels = { tag: level.tag, vr, offset, length, encapsulated: true, fragments, marks, basicOffsets };
    }
    this.#add(
      level.dataSet,
      { is: "fragments", tag: level.tag, vr, form, odd: undefined, offset, length, fragments },
      top,
      offset,
    );
  }
}
