import { createRequire } from "node:module";
import type * as Fontkit from "fontkit";

const require = createRequire(import.meta.url);

/** Scripts that names are written in; what none of them has is shown as an empty box. */
const SUBSETS = ["latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese"];
let fonts: Fontkit.Font[] | undefined;

export type Outline = { path: string; width: number };

/**
 * Text as an outline of our own font, one unit high, its baseline at 0 and y upwards: neither the machine's fonts nor
 * anything in the text decides what is drawn.
 */
export function outline(text: string): Outline {
  let x = 0;
  let path = "";
  for (const character of text) {
    const { glyph, unit } = glyphOf(character);
    path += glyph.path.scale(unit, unit).translate(x, 0).toSVG();
    x += glyph.advanceWidth * unit;
  }
  return { path, width: x };
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

function fontFor(code: number): Fontkit.Font {
  fonts ??= openFonts();
  return (fonts.find((font) => font.hasGlyphForCodePoint(code)) ?? fonts[0]) as Fontkit.Font;
}

function openFonts(): Fontkit.Font[] {
  const { openSync } = require("fontkit") as typeof Fontkit;
  const file = (subset: string) =>
    require.resolve(`@fontsource-variable/inter/files/inter-${subset}-wght-normal.woff2`);
  return SUBSETS.map((subset) => openSync(file(subset)) as Fontkit.Font);
}
