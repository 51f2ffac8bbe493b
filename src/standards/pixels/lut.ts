import { ByteReader } from "#kit/bytes.ts";
import { Fault } from "#kit/fault.ts";
import type { Lut } from "#standards/pixels/attributes.ts";

/** What a lookup table gives for one input (PS3.3 §C.11.1.1.1): the first entry below its range, the last one above. */
export function lookUp(lut: Lut, input: number): number {
  const at = Math.round(input) - lut.first;
  return lut.values[Math.max(0, Math.min(lut.values.length - 1, at))] ?? 0;
}

/**
 * A table from its descriptor (number of entries, 0 meaning 65536; first input; bits per entry) and its data as 16-bit words.
 * Tables of at most 8 bits may come with two entries in a word (PS3.3 §C.11.1.1.1); those are split, low byte first. `signed`
 * says that inputs are signed, so that a first input read as unsigned is put right. Throws `dicom.malformed`.
 */
export function readLut(descriptor: readonly number[], words: Uint16Array, signed: boolean, place: string): Lut {
  const [declared, start, bits] = descriptor;
  if (declared === undefined || start === undefined || bits === undefined)
    throw bad(place, "a descriptor of three values");
  if (!inRange(declared, 0, 65535) || !inRange(bits, 1, 16) || !inRange(start, -32768, 65535))
    throw bad(place, "a descriptor within its limits");
  const entries = declared === 0 ? 65536 : declared;
  const first = signed && start > 32767 ? start - 65536 : start;
  if (words.length >= entries) return { first, bits, values: words.subarray(0, entries) };
  if (bits > 8 || words.length < Math.ceil(entries / 2)) throw bad(place, `${entries} entries`);
  const values = new Uint16Array(entries);
  for (let at = 0; at < entries; at++) values[at] = ((words[at >> 1] ?? 0) >> ((at & 1) * 8)) & 0xff;
  return { first, bits, values };
}

/**
 * Segmented palette data (as 16-bit words) expanded to at most 65536 entries: discrete, linear and indirect segments, whose
 * numbers are bytes in tables of eight bits (PS3.3 §C.7.9.2). An indirect segment repeats earlier segments and may not point
 * at another indirect one, so nothing recurses. Throws `dicom.malformed`.
 */
export function expandSegments(words: Uint16Array, bits: number, place: string): Uint16Array {
  const bytes = Uint8Array.from({ length: words.length * 2 }, (_, at) => (words[at >> 1] ?? 0) >> ((at & 1) * 8));
  const segments = new Segments(bytes, bits === 8 ? 1 : 2, place);
  const values: number[] = [];
  while (segments.more()) {
    const opcode = segments.number();
    const length = segments.number();
    if (opcode !== 2) segments.expand(opcode, length, values);
    else segments.from(segments.offset()).repeat(length, values);
  }
  return Uint16Array.from(values);
}

class Segments {
  readonly #bytes: Uint8Array;
  readonly #reader: ByteReader;
  readonly #size: 1 | 2;
  readonly #place: string;

  constructor(bytes: Uint8Array, size: 1 | 2, place: string, start = 0) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(bytes, "dicom.malformed");
    this.#reader.skip(start);
    this.#size = size;
    this.#place = place;
  }

  /** Another segment; less than the shortest one is padding. */
  more(): boolean {
    return this.#reader.left >= this.#size * 3;
  }

  number(): number {
    return this.#size === 1 ? this.#reader.u8() : this.#reader.u16le();
  }

  /** Bytes from the start: two numbers of 16 bits, or four of eight. */
  offset(): number {
    return this.#reader.u32le();
  }

  from(start: number): Segments {
    return new Segments(this.#bytes, this.#size, this.#place, start);
  }

  repeat(count: number, values: number[]): void {
    for (let index = 0; index < count; index++) {
      const opcode = this.number();
      this.expand(opcode, this.number(), values);
    }
  }

  expand(opcode: number, length: number, values: number[]): void {
    if (values.length + length > 65536) throw bad(this.#place, "at most 65536 entries");
    if (opcode === 0) {
      for (let step = 0; step < length; step++) values.push(this.number());
    } else if (opcode === 1) {
      const start = values.at(-1);
      if (start === undefined) throw bad(this.#place, "a discrete segment first");
      const end = this.number();
      for (let step = 1; step <= length; step++) values.push(Math.round(start + ((end - start) * step) / length));
    } else throw bad(this.#place, "discrete, linear and indirect segments");
  }
}

function inRange(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function bad(place: string, expected: string): Fault {
  return new Fault("dicom.malformed", `The lookup table must have ${expected}.`, { place });
}
