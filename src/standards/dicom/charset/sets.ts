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
    table ??= [...Array.from({ length: 128 }, (_, byte) => String.fromCharCode(byte)), ...Array.from(high())];
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

/** ISO-IR 14, the lower half of JIS X 0201: ASCII but for yen and overline. */
const romaji: Decode = (bytes) => latin1(bytes).replaceAll("\\", "¥").replaceAll("~", "‾");

/** ISO-IR 13, the upper half of JIS X 0201: half-width katakana. */
const katakana = singleByte(() =>
  Array.from(upperHalf, (byte) =>
    byte >= 0xa1 && byte <= 0xdf ? String.fromCharCode(0xff61 + byte - 0xa1) : "\ufffd",
  ).join(""),
);

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

/**
 * What a set puts into the two halves of the code table: bytes below 0x80 are read by G0, the others by G1 (PS3.5 §6.1.2.5.1).
 * `whole`: a set that reads both halves together and stands alone.
 */
export type CharacterSet = {
  readonly g0?: Decode;
  readonly g1?: Decode;
  readonly whole?: Decode;
  /** The escape sequences (ESC left out) that put `g0` or `g1` there. */
  readonly toG0?: string;
  readonly toG1?: string;
};

const plain = { g0: latin1, toG0: "(B" };

/**
 * By ISO-IR number or name. The default repertoire (ISO-IR 6) is ASCII; upper halves that appear in it all the same are read as
 * Latin-1, since real files write them without saying so.
 */
export const SETS: Readonly<Record<string, CharacterSet>> = {
  "6": { ...plain },
  "100": { ...plain, g1: latin1, toG1: "-A" },
  "101": { ...plain, g1: iso8859(2), toG1: "-B" },
  "109": { ...plain, g1: iso8859(3), toG1: "-C" },
  "110": { ...plain, g1: iso8859(4), toG1: "-D" },
  "144": { ...plain, g1: iso8859(5), toG1: "-L" },
  "127": { ...plain, g1: iso8859(6), toG1: "-G" },
  "126": { ...plain, g1: iso8859(7), toG1: "-F" },
  "138": { ...plain, g1: iso8859(8), toG1: "-H" },
  "148": { ...plain, g1: latin5, toG1: "-M" },
  "203": { ...plain, g1: iso8859(15), toG1: "-b" },
  "166": { ...plain, g1: thai, toG1: "-T" },
  "13": { g0: romaji, toG0: "(J", g1: katakana, toG1: ")I" },
  "87": { g0: jis([]), toG0: "$B" },
  "159": { g0: jis([0x8f]), toG0: "$(D" },
  "149": { g1: platform("euc-kr"), toG1: "$)C" },
  "58": { g1: platform("gbk"), toG1: "$)A" },
  "192": { whole: platform("utf-8") },
  GB18030: { whole: platform("gb18030") },
  GBK: { whole: platform("gbk") },
};

type Escape = {
  readonly bytes: readonly number[];
  readonly g0?: Decode;
  readonly g1?: Decode;
  /** G0 then holds characters of two bytes. */
  readonly wide: boolean;
};
const escapeOf = (text: string, to: { g0: Decode } | { g1: Decode }): Escape => ({
  bytes: Array.from(text, (character) => character.charCodeAt(0)),
  wide: text.startsWith("$") && !text.startsWith("$)"),
  ...to,
});

/** Every escape sequence of PS3.3 tables C.12-3 and C.12-4 with what it designates. */
export const ESCAPES: readonly Escape[] = Object.values(SETS).flatMap(({ g0, g1, toG0, toG1 }) => [
  ...(toG0 !== undefined && g0 !== undefined ? [escapeOf(toG0, { g0 })] : []),
  ...(toG1 !== undefined && g1 !== undefined ? [escapeOf(toG1, { g1 })] : []),
]);

/** The set of a Defined Term, with the spellings that real files use ("ISO-IR 100", "ISO_IR_100", "ISO 2022 100"); undefined if unknown. */
export function setOf(term: string): CharacterSet | undefined {
  const name = term.trim().toUpperCase();
  if (name === "") return SETS["6"];
  if (name === "UTF8" || name === "UTF-8" || name === "ISO 10646") return SETS["192"];
  return SETS[name.replace(/^ISO[ _-]?(?:2022[ _-])?(?:IR[ _-]?)?/, "")];
}
