import type { Raster } from "#phantoms/image/grid.ts";
import { ramp } from "#phantoms/image/shape.ts";

/** Capital letters of 5 × 7 dots: seven rows from the top, each one digit to the base of 32 whose bits are its dots. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: "EHHVHHH",
  B: "UHHUHHU",
  C: "EHGGGHE",
  D: "UHHHHHU",
  E: "VGGUGGV",
  F: "VGGUGGG",
  G: "EHGNHHF",
  H: "HHHVHHH",
  I: "E44444E",
  J: "72222IC",
  K: "HIKOKIH",
  L: "GGGGGGV",
  M: "HRLLHHH",
  N: "HHPLJHH",
  O: "EHHHHHE",
  P: "UHHUGGG",
  Q: "EHHHLID",
  R: "UHHUKIH",
  S: "FGGE11U",
  T: "V444444",
  U: "HHHHHHE",
  V: "HHHHHA4",
  W: "HHHLLLA",
  X: "HHA4AHH",
  Y: "HHA4444",
  Z: "V1248GV",
  "0": "EHJLPHE",
  "1": "4C4444E",
  "2": "EH1248V",
  "3": "V2421HE",
  "4": "26AIV22",
  "5": "VGU11HE",
  "6": "68GUHHE",
  "7": "V124888",
  "8": "EHHEHHE",
  "9": "EHHF12C",
  ".": "00000CC",
  ",": "0000C48",
  ":": "0CC0CC0",
  "-": "000V000",
  "/": "01248G0",
  "+": "044V440",
  "(": "2488842",
  ")": "8422248",
  "%": "OP248J3",
  "'": "4480000",
  "#": "AAVAVAA",
  "=": "00V0V00",
  "<": "248G842",
  ">": "8421248",
  " ": "0000000",
};

/** What a machine with capital letters only makes of a text: marks dropped, anything else a hyphen. */
export function plainCapitals(text: string): string {
  const bare = text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’‘]/g, "'").toUpperCase();
  return Array.from(bare, (letter) => (letter in GLYPHS ? letter : "-")).join("");
}

/** The width of a text in pixels. */
export const textWidth = (text: string, scale: number): number => text.length * 6 * scale - scale;

const dotAt = (glyph: string, x: number, y: number): number =>
  x < 0 || x > 4 || y < 0 || y > 6 ? 0 : (Number.parseInt(glyph[y] ?? "0", 32) >> (4 - x)) & 1;

/** How dark the ink of a glyph is at a place between its dots: corners come out rounded. */
function inkAt(glyph: string, x: number, y: number): number {
  const i = Math.floor(x - 0.5);
  const j = Math.floor(y - 0.5);
  const tx = x - 0.5 - i;
  const ty = y - 0.5 - j;
  const top = dotAt(glyph, i, j) * (1 - tx) + dotAt(glyph, i + 1, j) * tx;
  const low = dotAt(glyph, i, j + 1) * (1 - tx) + dotAt(glyph, i + 1, j + 1) * tx;
  return ramp(0.28, 0.62, top * (1 - ty) + low * ty);
}

/**
 * Writes capitals into a raster of `columns` pixels a row, each dot `scale` pixels wide, the upper left corner at
 * (left, top): ink replaces what was there by `value`.
 */
export function drawText(
  raster: Raster,
  columns: number,
  text: string,
  left: number,
  top: number,
  scale: number,
  value: number,
): void {
  let at = Math.round(left);
  for (const letter of plainCapitals(text)) {
    const glyph = GLYPHS[letter] ?? "0000000";
    for (let j = 0; j < 7 * scale; j++) {
      for (let i = 0; i < 5 * scale; i++) {
        const x = at + i;
        if (x < 0 || x >= columns) continue;
        const pixel = (top + j) * columns + x;
        if (pixel < 0 || pixel >= raster.length) continue;
        const ink = inkAt(glyph, (i + 0.5) / scale, (j + 0.5) / scale);
        raster[pixel] = (raster[pixel] as number) + (value - (raster[pixel] as number)) * ink;
      }
    }
    at += Math.round(6 * scale);
  }
}
