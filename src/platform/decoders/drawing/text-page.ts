import sharp from "sharp";
import { Fault } from "#kit/fault.ts";
import { outline, widthOf } from "#platform/decoders/drawing/letters.ts";
import type { Page } from "#platform/decoders/drawing/pdf.ts";
import { drawPage } from "#platform/decoders/drawing/picture.ts";
import type { PageWanted, Paragraph } from "#platform/decoders/wire.ts";

/** An A4 page at 150 dots per inch. */
const WIDTH = 1240;
const HEIGHT = 1754;
const MARGIN = 96;
const SIZE = 24;
const LEADING = 36;
const INDENT = 36;
const DEEPEST = 8;
const LINES = Math.floor((HEIGHT - 2 * MARGIN) / LEADING);
/** More is cut off: nobody reads it as pictures. */
const MOST_LINES = LINES * 100;

type Line = { text: string; x: number; strong: boolean };

/** One page of a text, set in our own font. The text is only ever outlines: nothing in it is markup. Throws `input.invalid` for a page that is not there. */
export async function textPage(paragraphs: readonly Paragraph[], { page, mark }: PageWanted): Promise<Page> {
  const lines = layOut(paragraphs);
  const pages = Math.max(1, Math.ceil(lines.length / LINES));
  if (page === 0) return { pages, drawn: undefined };
  if (!Number.isInteger(page) || page < 1 || page > pages)
    throw new Fault("input.invalid", "The document has no such page.", { place: "page" });
  const shown = lines.slice((page - 1) * LINES, page * LINES);
  const drawing = shown.map(
    ({ text, x, strong }, at) =>
      `<path d="${outline(text).path}" transform="translate(${x} ${MARGIN + LEADING * at + SIZE}) scale(${SIZE} ${-SIZE})"${strong ? ' stroke="#111" stroke-width="0.03"' : ""}/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"><rect width="100%" height="100%" fill="#fff"/><g fill="#111">${drawing.join("")}</g></svg>`;
  const image = sharp(Buffer.from(svg), { unlimited: true }).flatten({ background: "#fff" });
  return { pages, drawn: await drawPage(image, mark) };
}

function layOut(paragraphs: readonly Paragraph[]): Line[] {
  const lines: Line[] = [];
  for (const { text, depth, strong } of paragraphs) {
    const x = MARGIN + INDENT * Math.max(0, Math.min(DEEPEST, depth));
    for (const one of text.normalize("NFC").split(/\r\n|[\n\r]/)) {
      for (const line of wrapped(one.replace(/\p{Cc}/gu, " "), (WIDTH - MARGIN - x) / SIZE)) {
        lines.push({ text: line, x, strong });
        if (lines.length >= MOST_LINES) return lines;
      }
    }
  }
  return lines;
}

/** Lines of at most this width, broken at spaces where there are any. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let [line, used, space] = ["", 0, -1];
  for (const character of text) {
    if (character === " ") space = line.length;
    const wide = widthOf(character);
    if (used + wide > width && line !== "") {
      const at = space > 0 ? space : line.length;
      lines.push(line.slice(0, at));
      line = line.slice(at).trimStart();
      used = [...line].reduce((sum, one) => sum + widthOf(one), 0);
      space = -1;
      if (lines.length >= MOST_LINES) return lines;
      if (line === "" && character === " ") continue;
    }
    line += character;
    used += wide;
  }
  return [...lines, line];
}
