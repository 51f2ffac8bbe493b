/**
 * PS3.3 tables C.12-2 to C.12-5: the Defined Terms of Specific Character Set (0008,0005), and what their escape sequences
 * (PS3.5 §6.1.2.5, ISO 2022) switch to. A set decodes bytes that hold no escape sequence.
 */
export type Decode = (bytes: Uint8Array) => string;

/** One character a byte, U+0000 to U+00FF. */
export function latin1(bytes: Uint8Array): string {
  if (bytes.length < 1024) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  let text = "";
  for (let at = 0; at < bytes.length; at += 1024) {
    text += String.fromCharCode.apply(undefined, bytes.subarray(at, at + 1024) as unknown as number[]);
  }
  return text;
}

/** A multi-byte or Unicode set known to the platform; bytes that mean nothing become U+FFFD. */
function platform(label: string): Decode {
  let decoder: TextDecoder | undefined;
  return (bytes) => {
    decoder ??= new TextDecoder(label, { ignoreBOM: true });
    return decoder.decode(bytes);
  };
}

/** A single-byte set: `high` gives the characters of bytes 0x80 to 0xFF. Made once, on first use. */
function singleByte(high: () => string): Decode {
  let table: string[] | undefined;
  return (bytes) => {
    table ??= [...latin1(Uint8Array.from({ length: 128 }, (_, byte) => byte)), ...high()];
    let text = "";
    for (const byte of bytes) text += table[byte] ?? "\ufffd";
    return text;
  };
}

const upperHalf = Uint8Array.from({ length: 128 }, (_, byte) => byte + 128);
const iso8859 = (part: number): Decode => singleByte(() => new TextDecoder(`iso-8859-${part}`).decode(upperHalf));

/** ISO 8859-9 is Latin-1 with six Turkish letters; the platform's label means windows-1254, which differs in 0x80 to 0x9F. */
const TURKISH: Record<number, string> = { 208: "Ğ", 221: "İ", 222: "Ş", 240: "ğ", 253: "ı", 254: "ş" };
const latin5 = singleByte(() => Array.from(upperHalf, (byte) => TURKISH[byte] ?? String.fromCharCode(byte)).join(""));

/** TIS 620-2533: the platform's label means windows-874, which adds characters in 0x80 to 0x9F. */
const thai = singleByte(() => {
  const text = new TextDecoder("windows-874").decode(upperHalf);
  return Array.from(text, (character, at) => (at < 0x20 ? String.fromCharCode(0x80 + at) : character)).join("");
});

/** JIS X 0201: yen and overline in the lower half (ISO-IR 14), half-width katakana in the upper (ISO-IR 13). */
function jisX0201(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    if (byte === 0x5c) text += "¥";
    else if (byte === 0x7e) text += "‾";
    else if (byte < 0x80) text += String.fromCharCode(byte);
    else text += byte >= 0xa1 && byte <= 0xdf ? String.fromCharCode(0xff61 + byte - 0xa1) : "\ufffd";
  }
  return text;
}

const eucJp = platform("euc-jp");

/** JIS X 0208 and 0212 stand in the lower half: two bytes a character, which EUC-JP knows in the upper one. Controls pass. */
function jis(prefix: readonly number[]): Decode {
  return (bytes) => {
    const euc: number[] = [];
    for (let at = 0; at < bytes.length; at += 2) {
      const [first = 0, second = 0] = [bytes[at], bytes[at + 1]];
      if (first <= 0x20) {
        euc.push(first);
        at -= 1;
      } else euc.push(...prefix, first | 0x80, second | 0x80);
    }
    return eucJp(Uint8Array.from(euc));
  };
}

const ascii = latin1;
const korean = platform("euc-kr");
const chinese = platform("gbk");
const gb18030 = platform("gb18030");
export const utf8: Decode = platform("utf-8");

type CharacterSet = { readonly decode: Decode; readonly escapes: readonly string[] };

/**
 * By ISO-IR number or name. The default repertoire (ISO-IR 6) is ASCII; upper halves that appear in it all the same are read as
 * Latin-1, since real files write it without saying so.
 */
const SETS: Record<string, CharacterSet> = {
  "6": { decode: ascii, escapes: ["(B"] },
  "100": { decode: latin1, escapes: ["-A"] },
  "101": { decode: iso8859(2), escapes: ["-B"] },
  "109": { decode: iso8859(3), escapes: ["-C"] },
  "110": { decode: iso8859(4), escapes: ["-D"] },
  "144": { decode: iso8859(5), escapes: ["-L"] },
  "127": { decode: iso8859(6), escapes: ["-G"] },
  "126": { decode: iso8859(7), escapes: ["-F"] },
  "138": { decode: iso8859(8), escapes: ["-H"] },
  "148": { decode: latin5, escapes: ["-M"] },
  "203": { decode: iso8859(15), escapes: ["-b"] },
  "166": { decode: thai, escapes: ["-T"] },
  "13": { decode: jisX0201, escapes: [")I", "(J"] },
  "87": { decode: jis([]), escapes: ["$B"] },
  "159": { decode: jis([0x8f]), escapes: ["$(D"] },
  "149": { decode: korean, escapes: ["$)C"] },
  "58": { decode: chinese, escapes: ["$)A"] },
  "192": { decode: utf8, escapes: [] },
  GB18030: { decode: gb18030, escapes: [] },
  GBK: { decode: chinese, escapes: [] },
};

/** Escape sequences, ESC itself left out, longest first. */
export const ESCAPES: readonly { readonly bytes: readonly number[]; readonly decode: Decode }[] = Object.values(SETS)
  .flatMap(({ decode, escapes }) =>
    escapes.map((text) => ({ bytes: Array.from(text, (character) => character.charCodeAt(0)), decode })),
  )
  .sort((a, b) => b.bytes.length - a.bytes.length);

/** The decoder of a Defined Term, with the spellings that real files use ("ISO-IR 100", "ISO_IR_100", "ISO 2022 100"); undefined if unknown. */
export function decoderOf(term: string): Decode | undefined {
  const name = term.trim().toUpperCase();
  if (name === "") return ascii;
  if (name === "UTF8" || name === "UTF-8" || name === "ISO 10646") return utf8;
  const bare = name.replace(/^ISO[ _-]?(?:2022[ _-])?(?:IR[ _-]?)?/, "");
  return SETS[bare]?.decode;
}

/** PS3.3 table C.12-5: sets that stand alone, in which an ESC is a character like others. */
export const standsAlone = (decode: Decode): boolean => decode === utf8 || decode === gb18030;
