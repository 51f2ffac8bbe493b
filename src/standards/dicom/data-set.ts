import { latin1 } from "#standards/dicom/charset/sets.ts";
import { type Charset, charsetOf, DEFAULT_CHARSET } from "#standards/dicom/charset.ts";
import type { Tag } from "#standards/dicom/tag.ts";
import type { Vr } from "#standards/dicom/vr.ts";

/** Where bytes stand: `offset` from the start of the Part 10 file (of the inflated data set if it was deflated), in bytes. */
export type ByteRange = { readonly offset: number; readonly length: number };

/** The fragments of an encapsulated value in order, the Basic Offset Table item left out; offsets as in `ByteRange`. PS3.5 §A.4. */
export type Fragments = { readonly offsets: readonly number[]; readonly lengths: readonly number[] };

/**
 * How an element or item was written, so that it can be written again byte for byte. 0 means: as its VR and the target syntax
 * suggest. The lower two bits are the kind of header that was read, the others are flags.
 */
export const FORM = { implicit: 1, short: 2, long: 3, undefinedLength: 4, noDelimiter: 8, read: 16 } as const;

/** What an element's header said beside the rule: kept only where it occurs. */
export type Oddity = {
  /** The two VR bytes as they stood, one character a byte, where they are not those of `vr`. */
  readonly vr?: string;
  /** The two reserved bytes of a long header, where not zero. */
  readonly reserved?: number;
};

type Common = { readonly tag: Tag; readonly vr: Vr; readonly form: number; readonly odd: Oddity | undefined };
/**
 * A value in memory, as it stood: padding included, in the byte order of its data set. With `FORM.undefinedLength` it is a whole
 * encapsulated value, items and delimiter included.
 */
export type ValueElement = Common & { readonly is: "value"; readonly bytes: Uint8Array };
export type SequenceElement = Common & { readonly is: "sequence"; readonly items: DataSet[] };
/** A value left where it was: pixel data and everything beyond the reader's limits. */
export type RangeElement = Common & { readonly is: "range" } & ByteRange;
/** An encapsulated value left where it was; the range runs from its first item tag to behind its delimiter. */
export type FragmentsElement = Common & { readonly is: "fragments"; readonly fragments: Fragments } & ByteRange;
export type Element = ValueElement | SequenceElement | RangeElement | FragmentsElement;

export type Encoding = { readonly explicit: boolean; readonly bigEndian: boolean };
export const EXPLICIT_LITTLE: Encoding = { explicit: true, bigEndian: false };
export const IMPLICIT_LITTLE: Encoding = { explicit: false, bigEndian: false };
export const EXPLICIT_BIG: Encoding = { explicit: true, bigEndian: true };

const SPECIFIC_CHARACTER_SET: Tag = 0x00080005;

/** Elements by tag in the order in which they stand. PS3.5 §7. An item of a sequence is a data set that knows its parent. */
export class DataSet {
  readonly elements = new Map<Tag, Element>();
  /** How the bytes of its values are to be understood, and how it was written. */
  encoding: Encoding;
  /** As an item: `FORM.read` if it was read, `FORM.undefinedLength`, `FORM.noDelimiter`. */
  form = 0;
  readonly parent: DataSet | undefined;
  #charset: Charset | undefined;

  constructor(encoding: Encoding = EXPLICIT_LITTLE, parent?: DataSet) {
    this.encoding = encoding;
    this.parent = parent;
  }

  get(tag: Tag): Element | undefined {
    return this.elements.get(tag);
  }

  has(tag: Tag): boolean {
    return this.elements.has(tag);
  }

  set(element: Element): this {
    this.elements.set(element.tag, element);
    if (element.tag === SPECIFIC_CHARACTER_SET) this.#charset = undefined;
    return this;
  }

  delete(tag: Tag): boolean {
    if (tag === SPECIFIC_CHARACTER_SET) this.#charset = undefined;
    return this.elements.delete(tag);
  }

  [Symbol.iterator](): IterableIterator<Element> {
    return this.elements.values();
  }

  /** PS3.3 §C.12.1.1.2: Specific Character Set of this data set, else of the one it is an item of. */
  get charset(): Charset {
    const element = this.elements.get(SPECIFIC_CHARACTER_SET);
    if (element?.is !== "value") return this.parent?.charset ?? DEFAULT_CHARSET;
    const terms = () =>
      latin1(element.bytes)
        .split("\\")
        .map((term) => term.replace(/[\0 ]+$/, ""));
    this.#charset ??= charsetOf(terms());
    return this.#charset;
  }
}
