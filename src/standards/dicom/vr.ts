/**
 * PS3.5 §6.2, one row a value representation. `long`: 32-bit length in explicit VR (§7.1.2). `word`: bytes that swap together in
 * big endian. `holds`: how a value is understood. `several`: backslash or repetition separates values. `charset`: (0008,0005)
 * governs it (§6.1.2.2). `pad`: the byte that makes a length even.
 */
type VrRow = {
  long: boolean;
  word: 1 | 2 | 4 | 8;
  holds: "text" | "integer" | "decimal" | "number-text" | "tag" | "bytes" | "items";
  several: boolean;
  charset: boolean;
  pad: 0x20 | 0x00;
};

const text = (several: boolean, charset: boolean, long = false): VrRow => ({
  long,
  word: 1,
  holds: "text",
  several,
  charset,
  pad: 0x20,
});
const numberText: VrRow = { long: false, word: 1, holds: "number-text", several: true, charset: false, pad: 0x20 };
const binary = (holds: "integer" | "decimal" | "tag", word: 2 | 4 | 8, long = false): VrRow => ({
  long,
  word,
  holds,
  several: true,
  charset: false,
  pad: 0x00,
});
const bytes = (word: 1 | 2 | 4 | 8): VrRow => ({
  long: true,
  word,
  holds: "bytes",
  several: false,
  charset: false,
  pad: 0x00,
});

export const VRS = {
  AE: text(true, false),
  AS: text(true, false),
  AT: binary("tag", 2),
  CS: text(true, false),
  DA: text(true, false),
  DS: numberText,
  DT: text(true, false),
  FD: binary("decimal", 8),
  FL: binary("decimal", 4),
  IS: numberText,
  LO: text(true, true),
  LT: text(false, true),
  OB: bytes(1),
  OD: bytes(8),
  OF: bytes(4),
  OL: bytes(4),
  OV: bytes(8),
  OW: bytes(2),
  PN: text(true, true),
  SH: text(true, true),
  SL: binary("integer", 4),
  SQ: { long: true, word: 1, holds: "items", several: false, charset: false, pad: 0x00 },
  SS: binary("integer", 2),
  ST: text(false, true),
  SV: binary("integer", 8, true),
  TM: text(true, false),
  UC: text(true, true, true),
  UI: { ...text(true, false), pad: 0x00 },
  UL: binary("integer", 4),
  UN: bytes(1),
  UR: text(false, false, true),
  US: binary("integer", 2),
  UT: text(false, true, true),
  UV: binary("integer", 8, true),
} as const satisfies Record<string, VrRow>;

export type Vr = keyof typeof VRS;

const known = Array.from({ length: 26 * 26 }, (): Vr | undefined => undefined);
for (const vr of Object.keys(VRS) as Vr[]) known[(vr.charCodeAt(0) - 65) * 26 + vr.charCodeAt(1) - 65] = vr;

const isCapital = (byte: number) => byte >= 0x41 && byte <= 0x5a;

/** The VR of two bytes, or undefined when they are none of the 34. */
export const vrOfBytes = (first: number, second: number): Vr | undefined =>
  isCapital(first) && isCapital(second) ? known[(first - 65) * 26 + second - 65] : undefined;

/** Whether two bytes have the shape of a VR, known or not: PS3.5 §6.2 says that future ones have it too. */
export const looksLikeVr = (first: number, second: number): boolean => isCapital(first) && isCapital(second);

export const isVr = (vr: string): vr is Vr => Object.hasOwn(VRS, vr);
