import { type CharacterSet, type Decode, ESCAPES, latin1, setOf } from "#standards/dicom/charset/sets.ts";

/** What (0008,0005) says: the sets that texts start in, and whether all its terms are known. */
export type Charset = {
  readonly terms: readonly string[];
  readonly known: boolean;
  readonly g0: Decode;
  readonly g1: Decode;
  readonly whole: Decode | undefined;
};

const ESC = 0x1b;
const BACKSLASH = 0x5c;

export const DEFAULT_CHARSET: Charset = { terms: [], known: true, g0: latin1, g1: latin1, whole: undefined };

/**
 * The character set of the values of Specific Character Set. Unknown terms are read as the default repertoire and said to be
 * unknown, so that a value is never lost and a caller can tell. PS3.3 §C.12.1.1.2.
 */
export function charsetOf(terms: readonly string[]): Charset {
  if (terms.length === 0) return DEFAULT_CHARSET;
  const sets = terms.map(setOf);
  const initial: CharacterSet = sets[0] ?? {};
  return {
    terms,
    known: !sets.includes(undefined),
    // a first value that only fills the upper half leaves ASCII below; one that would fill the lower half with two-byte
    // characters is switched to by its escape sequence, not assumed
    g0: initial.g1 === undefined ? latin1 : (initial.g0 ?? latin1),
    g1: initial.g1 ?? latin1,
    whole: initial.whole,
  };
}

/** Whether every byte is below 0x80 and none is ESC, backslash or tilde: then all sets agree. */
function isPlain(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f || byte === ESC || byte === BACKSLASH || byte === 0x7e) return false;
  }
  return true;
}

const escapeAt = (bytes: Uint8Array, at: number) =>
  ESCAPES.find((sequence) => sequence.bytes.every((byte, index) => bytes[at + index] === byte));

/**
 * PS3.5 §6.1.2.5.3: the sets return to the initial ones at the end of a line, at a form feed or tab, at a backslash between values
 * and, in person names, at "^" and "=".
 */
const resets = (byte: number, name: boolean) =>
  byte === 0x0d || byte === 0x0a || byte === 0x0c || byte === 0x09 || (name && (byte === 0x5e || byte === 0x3d));

/** Text whose halves are read by different sets, which escape sequences change on the way. */
function decodeHalves(bytes: Uint8Array, charset: Charset, name: boolean): string {
  let text = "";
  let { g0, g1 } = charset;
  let wide = false; // G0 holds characters of two bytes, among them any byte but controls
  let from = 0;
  const flush = (to: number) => {
    if (to > from) text += ((bytes[from] ?? 0) < 0x80 ? g0 : g1)(bytes.subarray(from, to));
    from = to;
  };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === ESC) {
      const sequence = escapeAt(bytes, at + 1);
      if (sequence === undefined) continue;
      flush(at);
      g0 = sequence.g0 ?? g0;
      g1 = sequence.g1 ?? g1;
      wide = sequence.g0 === undefined ? wide : sequence.wide;
      at += sequence.bytes.length;
      from = at + 1;
    } else if (resets(byte, name && !wide)) {
      flush(at);
      wide = false;
      g0 = charset.g0;
      g1 = charset.g1;
    } else if (byte < 0x80 !== (bytes[from] ?? 0) < 0x80) flush(at);
  }
  flush(bytes.length);
  return text;
}

/** The text of one value. `name`: it is a person name, whose components and groups start anew in the initial sets. Never throws. */
export function decodeText(bytes: Uint8Array, charset: Charset, name = false): string {
  if (isPlain(bytes)) return latin1(bytes);
  if (charset.whole !== undefined) return charset.whole(bytes);
  if (charset.g0 === latin1 && charset.g1 === latin1 && !bytes.includes(ESC)) return latin1(bytes);
  return decodeHalves(bytes, charset, name);
}

/** The values of an element between backslashes, as bytes; a byte 0x5C inside a two-byte character is none. PS3.5 §6.2. */
export function splitValues(bytes: Uint8Array, charset: Charset): Uint8Array[] {
  if (!bytes.includes(BACKSLASH)) return [bytes];
  const doubleByte = charset.terms.some((term) => /GB18030|GBK/i.test(term)) && charset.whole !== undefined;
  const values: Uint8Array[] = [];
  let from = 0;
  let wide = false; // as in decodeHalves
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (doubleByte && byte > 0x80 && byte < 0xff) at += 1;
    else if (byte === ESC && charset.whole === undefined) {
      const sequence = escapeAt(bytes, at + 1);
      if (sequence?.g0 !== undefined) wide = sequence.wide;
      at += sequence?.bytes.length ?? 0;
    } else if (byte === BACKSLASH && !wide) {
      values.push(bytes.subarray(from, at));
      from = at + 1;
    } else if (wide && byte > 0x20) at += 1;
    else if (resets(byte, false)) wide = false;
  }
  values.push(bytes.subarray(from));
  return values;
}

const encoder = new TextEncoder();

/** UTF-8, which is what we write wherever a text leaves ASCII (ISO_IR 192). */
export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text);

/** Whether a text can do without (0008,0005). */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
