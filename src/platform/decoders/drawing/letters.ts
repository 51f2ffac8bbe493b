import { createRequire } from "node:module";
import type * as Fontkit from "fontkit";

const require = createRequire(import.meta.url);

/** Scripts that names are written in; what none of them has is shown as an empty box. */
const SUBSETS = ["latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese"];
const opened = new Map<string, Fontkit.Font>();

export type Outline = { path: string; width: number };
/** The letters of a text where they stand in it, each an outline; `bold`: the same, thickened. */
export type Letters = { letters: readonly { path: string; bold: string }[]; width: number };

/** How far a bold letter's second outline stands from its first, to the right and up. */
const THICKER = [0.06, 0.03] as const;

/**
 * Text as outlines of our own font, one unit high, its baseline at 0 and y upwards: neither the machine's fonts nor
 * anything in the text decides what is drawn.
 */
export function lettersOf(text: string): Letters {
  let x = 0;
  const letters: { path: string; bold: string }[] = [];
  for (const character of text) {
    const { glyph, unit } = glyphOf(character);
    const shape = glyph.path.scale(unit, unit).translate(x, 0);
    const path = shape.toSVG();
    letters.push({ path, bold: path + shape.translate(...THICKER).toSVG() });
    x += glyph.advanceWidth * unit;
  }
  return { letters, width: x };
}

/** As `lettersOf`, in one piece. */
export function outline(text: string): Outline {
  const { letters, width } = lettersOf(text);
  return { path: letters.map(({ path }) => path).join(""), width };
}

/** How wide a character is, in units of its height. */
export function widthOf(character: string): number {
  const { glyph, unit } = glyphOf(character);
  return glyph.advanceWidth * unit;
}

function glyphOf(character: string): { glyph: Fontkit.Glyph; unit: number } {
  const code = character.codePointAt(0) ?? 0x20;
  const font = fontFor(code);
  return { glyph: font.glyphForCodePoint(code), unit: 1 / font.unitsPerEm };
}

/** The first font that has the letter; each is opened when it is first asked, for that takes time. */
function fontFor(code: number): Fontkit.Font {
  const subset = SUBSETS.find((name) => fontOf(name).hasGlyphForCodePoint(code));
  return fontOf(subset ?? "latin");
}

function fontOf(subset: string): Fontkit.Font {
  const known = opened.get(subset);
  if (known !== undefined) return known;
  const { openSync } = require("fontkit") as typeof Fontkit;
  const file = require.resolve(`@fontsource-variable/inter/files/inter-${subset}-wght-normal.woff2`);
  const font = openSync(file) as Fontkit.Font;
  opened.set(subset, font);
  return font;
}
