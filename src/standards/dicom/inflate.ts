import { Fault } from "#kit/fault.ts";

/** RFC 1951 §3.2.5: base values and extra bits of length symbols 257 to 285 and distance symbols 0 to 29. */
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** RFC 1951 §3.2.7: the order in which code length code lengths are written. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const HISTORY = 32_768;
const BLOCK = 65_536;
/** A dynamic block's header takes at most 14 + 19 × 3 + 320 × 14 bits; a symbol with its distance at most 48. */
const HEADER_BYTES = 600;
const SYMBOL_BYTES = 8;
const MAX_BITS = 15;

/** A table from `MAX_BITS` bits of input to symbol << 4 | length; 0 where no code is. RFC 1951 §3.2.2. */
function codeTable(lengths: ArrayLike<number>, from: number, to: number): Uint16Array {
  const counts = new Uint16Array(MAX_BITS + 1);
  let bits = 1;
  for (let symbol = from; symbol < to; symbol++) {
    const length = lengths[symbol] ?? 0;
    counts[length] = (counts[length] ?? 0) + 1;
    bits = Math.max(bits, length);
  }
  counts[0] = 0;
  const next = new Uint16Array(MAX_BITS + 2);
  for (let length = 1; length <= MAX_BITS; length++)
    next[length + 1] = ((next[length] ?? 0) + (counts[length] ?? 0)) << 1;
  const table = new Uint16Array(1 << bits);
  for (let symbol = from; symbol < to; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    if (code >= 1 << length) throw broken("has more codes than fit");
    let reversed = 0;
    for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
    for (let slot = reversed; slot < table.length; slot += 1 << length) table[slot] = ((symbol - from) << 4) | length;
  }
  return table;
}

const broken = (what: string) =>
  new Fault("dicom.malformed", `the deflated data set ${what}`, { place: "deflated data set" });

let fixed: { literals: Uint16Array; distances: Uint16Array } | undefined;
function fixedTables() {
  const lengths = Uint8Array.from({ length: 288 }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8));
  fixed ??= { literals: codeTable(lengths, 0, 288), distances: codeTable(new Uint8Array(30).fill(5), 0, 30) };
  return fixed;
}

/**
 * Inflates a raw deflate stream (RFC 1951, PS3.5 §A.5) as it comes, in any cut, in Node and in browsers alike, where the
 * platforms only offer it asynchronously. Hands over at most 64 KiB at a time and asks `allow(produced, consumed)` before, which
 * throws when it is too much. Throws `dicom.malformed` for streams that are none.
 */
export class Inflater {
  readonly #emit: (bytes: Uint8Array) => void;
  readonly #allow: (produced: number, consumed: number) => void;
  #input = new Uint8Array(0);
  #at = 0;
  #consumed = 0;
  #bits = 0;
  #bitCount = 0;
  readonly #out = new Uint8Array(HISTORY + BLOCK + 258);
  #end = 0;
  #emitted = 0;
  #produced = 0;
  #state: "block" | "stored" | "codes" | "done" = "block";
  #last = false;
  #stored = 0;
  #literals: Uint16Array = new Uint16Array(1);
  #distances: Uint16Array = new Uint16Array(1);

  constructor(emit: (bytes: Uint8Array) => void, allow: (produced: number, consumed: number) => void) {
    this.#emit = emit;
    this.#allow = allow;
  }

  /** Whether the last block has ended; what comes after it is ignored. */
  get done(): boolean {
    return this.#state === "done";
  }

  push(chunk: Uint8Array): void {
    const left = this.#input.length - this.#at;
    const joined = new Uint8Array(left + chunk.length);
    joined.set(this.#input.subarray(this.#at));
    joined.set(chunk, left);
    this.#input = joined;
    this.#at = 0;
    this.#consumed += chunk.length;
    this.#run(false);
  }

  /** No more input: throws when the stream has not ended. */
  finish(): void {
    this.#run(true);
    if (!this.done) throw broken("is cut off");
  }

  #run(final: boolean): void {
    while (this.#state !== "done" && this.#step(final)) {}
    this.#flush();
  }

  #step(final: boolean): boolean {
    const left = this.#input.length - this.#at;
    switch (this.#state) {
      case "block":
        if (!final && left < HEADER_BYTES) return false;
        this.#block();
        return true;
      case "stored":
        return this.#copyStored();
      case "codes":
        return this.#codes(final);
      default:
        return false;
    }
  }

  #need(count: number): void {
    while (this.#bitCount < count) {
      const byte = this.#input[this.#at];
      if (byte === undefined) throw broken("is cut off");
      this.#at += 1;
      this.#bits |= byte << this.#bitCount;
      this.#bitCount += 8;
    }
  }

  #take(count: number): number {
    if (count === 0) return 0;
    this.#need(count);
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #symbol(table: Uint16Array): number {
    while (this.#bitCount < MAX_BITS && this.#at < this.#input.length) {
      this.#bits |= (this.#input[this.#at] ?? 0) << this.#bitCount;
      this.#at += 1;
      this.#bitCount += 8;
    }
    const entry = table[this.#bits & (table.length - 1)] ?? 0;
    const length = entry & 15;
    if (length === 0 || length > this.#bitCount) throw broken("has a code that means nothing");
    this.#bits >>>= length;
    this.#bitCount -= length;
    return entry >> 4;
  }

  #block(): void {
    this.#last = this.#take(1) === 1;
    const kind = this.#take(2);
    if (kind === 0) this.#beginStored();
    else if (kind === 1) {
      ({ literals: this.#literals, distances: this.#distances } = fixedTables());
      this.#state = "codes";
    } else if (kind === 2) {
      this.#dynamicTables();
      this.#state = "codes";
    } else throw broken("has a block of no known kind");
  }

  #beginStored(): void {
    this.#take(this.#bitCount % 8);
    const length = this.#take(16);
    const inverted = this.#take(16);
    if ((length ^ inverted) !== 0xffff) throw broken("has a stored block whose lengths disagree");
    while (this.#bitCount > 0) {
      this.#at -= 1; // whole bytes that were read ahead
      this.#bitCount -= 8;
    }
    this.#bits = 0;
    this.#bitCount = 0;
    this.#stored = length;
    this.#state = "stored";
  }

  #copyStored(): boolean {
    while (this.#stored > 0) {
      const size = Math.min(this.#stored, this.#input.length - this.#at, this.#room());
      if (size === 0) return false;
      this.#out.set(this.#input.subarray(this.#at, this.#at + size), this.#end);
      this.#at += size;
      this.#end += size;
      this.#stored -= size;
    }
    this.#endBlock();
    return true;
  }

  #dynamicTables(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const codes = this.#take(4) + 4;
    const codeLengths = new Uint8Array(19);
    for (let at = 0; at < codes; at++) codeLengths[CODE_LENGTH_ORDER[at] ?? 0] = this.#take(3);
    const table = codeTable(codeLengths, 0, 19);
    const lengths = new Uint8Array(literals + distances);
    for (let at = 0; at < lengths.length; ) {
      const symbol = this.#symbol(table);
      if (symbol < 16) {
        lengths[at++] = symbol;
        continue;
      }
      if (symbol === 16 && at === 0) throw broken("repeats a length before the first");
      const value = symbol === 16 ? (lengths[at - 1] ?? 0) : 0;
      const repeat = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (at + repeat > lengths.length) throw broken("has more lengths than codes");
      lengths.fill(value, at, at + repeat);
      at += repeat;
    }
    this.#literals = codeTable(lengths, 0, literals);
    this.#distances = codeTable(lengths, literals, lengths.length);
  }

  #codes(final: boolean): boolean {
    while (final || this.#input.length - this.#at >= SYMBOL_BYTES) {
      const symbol = this.#symbol(this.#literals);
      if (symbol === 256) {
        this.#endBlock();
        return true;
      }
      if (this.#room() < 258) this.#flush();
      if (symbol < 256) this.#out[this.#end++] = symbol;
      else this.#copyBack(symbol - 257);
    }
    return false;
  }

  #copyBack(lengthSymbol: number): void {
    const base = LENGTH_BASE[lengthSymbol];
    if (base === undefined) throw broken("has a length that means nothing");
    const length = base + this.#take(LENGTH_EXTRA[lengthSymbol] ?? 0);
    const distanceSymbol = this.#symbol(this.#distances);
    const distanceBase = DISTANCE_BASE[distanceSymbol];
    if (distanceBase === undefined) throw broken("has a distance that means nothing");
    const distance = distanceBase + this.#take(DISTANCE_EXTRA[distanceSymbol] ?? 0);
    if (distance > this.#end) throw broken("points before its beginning");
    for (let at = 0; at < length; at++) this.#out[this.#end + at] = this.#out[this.#end - distance + at] ?? 0;
    this.#end += length;
  }

  #endBlock(): void {
    this.#state = this.#last ? "done" : "block";
  }

  #room(): number {
    if (this.#end >= HISTORY + BLOCK) this.#flush();
    return this.#out.length - this.#end;
  }

  /** Hands over what is new and keeps 32 KiB to point back into. */
  #flush(): void {
    const size = this.#end - this.#emitted;
    if (size > 0) {
      this.#produced += size;
      this.#allow(this.#produced, this.#consumed);
      this.#emit(this.#out.slice(this.#emitted, this.#end));
      this.#emitted = this.#end;
    }
    if (this.#end <= HISTORY) return;
    this.#out.copyWithin(0, this.#end - HISTORY, this.#end);
    this.#end = HISTORY;
    this.#emitted = HISTORY;
  }
}
