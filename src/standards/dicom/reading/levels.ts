import {
  type ByteRange,
  DataSet,
  type Encoding,
  FORM,
  type Fragments,
  type FragmentsElement,
  type SequenceElement,
} from "#standards/dicom/data-set.ts";
import type { Tag } from "#standards/dicom/tag.ts";

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

type Common = {
  readonly tag: Tag;
  /** Where it ends; of an undefined length, where whatever holds it ends. */
  readonly end: number;
  readonly delimited: boolean;
  readonly dataSet: DataSet;
};
/** What is being read: the data set or an item; a sequence between its items; an encapsulated value between its fragments. */
export type Level =
  | (Common & { readonly is: "data-set"; fresh: boolean })
  | (Common & { readonly is: "sequence"; readonly encoding: Encoding; readonly element: SequenceElement })
  | (Common & { readonly is: "fragments"; readonly open: OpenFragments });

/** A data set or item; `fresh` until its first element was seen. */
export const dataSetLevel = (tag: Tag, end: number, delimited: boolean, dataSet: DataSet): Level => ({
  is: "data-set",
  tag,
  end,
  delimited,
  dataSet,
  fresh: true,
});

/** An item inside `sequence`, already among its items. */
export function itemLevel(sequence: Level & { is: "sequence" }, end: number, delimited: boolean): Level {
  const item = new DataSet(sequence.encoding, sequence.dataSet);
  item.form = FORM.read | (delimited ? FORM.undefinedLength : 0);
  sequence.element.items.push(item);
  return dataSetLevel(sequence.tag, end, delimited, item);
}

/** The fragments of an encapsulated value as they come by: only where they stand is kept. PS3.5 §A.4. */
export class OpenFragments {
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #marks: number[] = [];
  readonly #start: number;
  readonly #element: { readonly tag: Tag; readonly vr: "OB" | "OW" | "UN"; readonly form: number };
  basicOffsets: Uint8Array | undefined;
  /** Items met, the Basic Offset Table included. */
  seen = 0;

  constructor(tag: Tag, vr: "OB" | "OW" | "UN", form: number, start: number) {
    this.#element = { tag, vr, form: form | FORM.undefinedLength };
    this.#start = start;
  }

  add(offset: number, length: number, mark: number): void {
    this.#offsets.push(offset);
    this.#lengths.push(length);
    this.#marks.push(mark);
  }

  element(end: number): FragmentsElement {
    const range = { offset: this.#start, length: end - this.#start };
    const fragments = { offsets: this.#offsets, lengths: this.#lengths };
    return { is: "fragments", ...this.#element, odd: undefined, ...range, fragments };
  }

  span(end: number): PixelSpan {
    const { tag, vr, offset, length, fragments } = this.element(end);
    const { basicOffsets } = this;
    return { tag, vr, offset, length, encapsulated: true, fragments, marks: this.#marks, basicOffsets };
  }
}
