/** What a data set may cost. The defaults hold the largest real headers; receivers of many streams may ask for less. */
export type Limits = {
  /** Sequences inside sequences. */
  readonly depth: number;
  /** Elements and items in all: thousands of frames, contours or content items have hundreds of thousands. */
  readonly elements: number;
  /** Elements of any one data set or item; of the data set itself together with all below its private sequences. */
  readonly own: number;
  /** Fragments of one encapsulated value. */
  readonly fragments: number;
  /** A longer value stays where it is and is known by offset and length, in bytes. */
  readonly keepValue: number;
  /** Once this much is kept, only short values are, in bytes. */
  readonly keepTotal: number;
  /** The longest basic or extended offset table that is kept, in bytes. */
  readonly keepOffsets: number;
  /** A deflated data set may grow to this many bytes, and beyond `inflatedFree` to `inflatedRatio` times what arrived. */
  readonly inflated: number;
  readonly inflatedFree: number;
  readonly inflatedRatio: number;
};

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  depth: 64,
  elements: 1_000_000,
  own: 100_000,
  fragments: 1_000_000,
  keepValue: MIB,
  keepTotal: 64 * MIB,
  keepOffsets: 8 * MIB,
  inflated: 4096 * MIB,
  inflatedFree: 64 * MIB,
  inflatedRatio: 200,
};
