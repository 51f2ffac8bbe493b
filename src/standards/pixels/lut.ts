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
 * Segmented palette data (16-bit words) expanded to at most 65536 entries: discrete, linear and indirect segments
 * (PS3.3 §C.7.9.2). An indirect segment repeats earlier segments with a new starting value and may not point at another
 * indirect one, so nothing recurses. Throws `dicom.malformed`.
 */
export function expandSegments(words: Uint16Array, place: string): Uint16Array {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const values: number[] = [];
  const reader = new ByteReader(bytes, "dicom.malformed");
  while (reader.left >= 4) {
    const opcode = reader.u16le();
    const length = reader.u16le();
    if (opcode === 2) expandIndirect(bytes, length, reader.u16le() + reader.u16le() * 65536, values, place);
    else expandPlain(opcode, length, reader, values, place);
  }
  return Uint16Array.from(values);
}

function expandPlain(opcode: number, length: number, reader: ByteReader, values: number[], place: string): void {
  if (values.length + length > 65536) throw bad(place, "at most 65536 entries");
  if (opcode === 0) {
    for (let step = 0; step < length; step++) values.push(reader.u16le());
  } else if (opcode === 1) {
    const from = values.at(-1);
    if (from === undefined) throw bad(place, "a discrete segment first");
    const to = reader.u16le();
    for (let step = 1; step <= length; step++) values.push(Math.round(from + ((to - from) * step) / length));
  } else throw bad(place, "discrete, linear and indirect segments");
}

function expandIndirect(bytes: Uint8Array, segments: number, offset: number, values: number[], place: string): void {
  const reader = new ByteReader(bytes, "dicom.malformed");
  reader.skip(offset);
  for (let index = 0; index < segments; index++) {
    const opcode = reader.u16le();
    expandPlain(opcode, reader.u16le(), reader, values, place);
  }
}

function inRange(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function bad(place: string, expected: string): Fault {
  return new Fault("dicom.malformed", `The lookup table must have ${expected}.`, { place });
}
