import { type Decode, decoderOf, ESCAPES, latin1, standsAlone } from "#standards/dicom/charset/sets.ts";

/** What (0008,0005) says: the set that texts start in, and whether escape sequences may switch (more than one value). */
export type Charset = { readonly terms: readonly string[]; readonly initial: Decode; readonly known: boolean };

const ESC = 0x1b;
const BACKSLASH = 0x5c;

export const DEFAULT_CHARSET: Charset = { terms: [], initial: latin1, known: true };

/**
 * The character set of the values of Specific Character Set. Unknown terms are read as the default repertoire and said to be
 * unknown, so that a value is never lost and a caller can tell. PS3.3 §C.12.1.1.2.
 */
export function charsetOf(terms: readonly string[]): Charset {
  if (terms.length === 0) return DEFAULT_CHARSET;
  const initial = decoderOf(terms[0] ?? "");
  const known = terms.every((term) => decoderOf(term) !== undefined);
  return { terms, initial: initial ?? latin1, known };
}

/** Whether every byte is below 0x80 and none is ESC: then all sets but JIS X 0201 agree. */
function isPlain(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f || byte === ESC) return false;
  }
  return true;
}

function escapeAt(bytes: Uint8Array, at: number) {
  return ESCAPES.find((shift) => shift.bytes.every((byte, index) => bytes[at + index] === byte));
}

/**
 * PS3.5 §6.1.2.5.3: the active sets return to the initial ones at the end of a line, at a form feed or tab, at a backslash
 * between values and, in person names, at "^" and "=".
 */
const endsSwitch = (byte: number, name: boolean) =>
  byte === 0x0d || byte === 0x0a || byte === 0x0c || byte === 0x09 || (name && (byte === 0x5e || byte === 0x3d));

function decodeSwitching(bytes: Uint8Array, initial: Decode, name: boolean): string {
  let text = "";
  let active = initial;
  let from = 0;
  const flush = (to: number) => {
    if (to > from) text += active(bytes.subarray(from, to));
  };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === ESC) {
      const shift = escapeAt(bytes, at + 1);
      if (shift === undefined) continue;
      flush(at);
      active = shift.decode;
      at += shift.bytes.length;
      from = at + 1;
    } else if (active !== initial && endsSwitch(byte, name)) {
      flush(at);
      active = initial;
      from = at;
    }
  }
  flush(bytes.length);
  return text;
}

/** The text of one value. `name`: it is a person name, whose components and groups start anew in the initial set. Never throws. */
export function decodeText(bytes: Uint8Array, charset: Charset, name = false): string {
  if (isPlain(bytes) && charset.initial === latin1) return latin1(bytes);
  if (!bytes.includes(ESC) || standsAlone(charset.initial)) return charset.initial(bytes);
  return decodeSwitching(bytes, charset.initial, name);
}

/** Sets in which a byte 0x5C can be the second half of a character (PS3.5 §6.1.2.5.3 forbids switching to them across values). */
const hidesBackslash = (charset: Charset) => charset.terms.some((term) => /GB18030|GBK|IR 87|IR 159/.test(term));

/** End of the double-byte character at `at` in GBK and GB18030 (first byte ≥ 0x81, second from 0x40). */
const isLead = (byte: number) => byte >= 0x81 && byte <= 0xfe;

/** The values of an element between backslashes, as bytes; a backslash inside a two-byte character is not one. PS3.5 §6.2. */
export function splitValues(bytes: Uint8Array, charset: Charset): Uint8Array[] {
  if (!bytes.includes(BACKSLASH)) return [bytes];
  const careful = hidesBackslash(charset);
  const standing = standsAlone(charset.initial);
  const values: Uint8Array[] = [];
  let from = 0;
  let wide = false; // inside JIS X 0208 or 0212, two bytes a character
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (careful && standing && isLead(byte)) at += 1;
    else if (careful && byte === ESC) wide = bytes[at + 1] === 0x24 && bytes[at + 2] !== 0x29;
    else if (wide && byte > 0x20 && byte !== BACKSLASH) at += 1;
    else if (byte === BACKSLASH) {
      values.push(bytes.subarray(from, at));
      from = at + 1;
      wide = false;
    }
  }
  values.push(bytes.subarray(from));
  return values;
}

const encoder = new TextEncoder();

/** UTF-8, which is what we write wherever a text leaves ASCII (ISO_IR 192). */
export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text);

/** Whether a text needs (0008,0005) at all. */
export const isAscii = (text: string): boolean => {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
};
