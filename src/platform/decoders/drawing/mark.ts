import { type Outline, outline } from "#platform/decoders/drawing/letters.ts";
import type { Mark } from "#platform/decoders/wire.ts";

const MAX_LINES = 4;
const MAX_CHARACTERS = 120;

/**
 * The mark as a drawing over a picture of width × height: the lines in a band along the bottom, and once more, faint and
 * slanted, all over it, so that no useful part can be cut out without them. Letters come as outlines of our own font, so
 * neither the machine's fonts nor anything in the text decides what is drawn.
 */
export function markDrawing(mark: Mark, width: number, height: number): Buffer {
  const lines = mark.lines
    .slice(0, MAX_LINES)
    .map((line) => outline([...line.normalize("NFC")].slice(0, MAX_CHARACTERS).join("")));
  const size = Math.max(9, Math.min(32, Math.round(width / 45)));
  const leading = Math.round(size * 1.4);
  const band = leading * lines.length + Math.round(size * 0.6);
  const top = height - band;
  const bandText = lines.map((line, index) => {
    const fit = Math.min(size, (width - size) / Math.max(line.width, 1) || size);
    return `<path d="${line.path}" transform="translate(${round(size / 2)} ${top + leading * (index + 1) - Math.round(size * 0.2)}) scale(${round(fit)} ${round(-fit)})"/>`;
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
      tiles(lines, width, height, size) +
      `<rect x="0" y="${top}" width="${width}" height="${band}" fill="#000" fill-opacity="0.65"/><g fill="#fff">${bandText.join("")}</g></svg>`,
  );
}

/** White letters with a dark shadow, to be seen on air and on bone alike. */
function tiles(lines: readonly Outline[], width: number, height: number, size: number): string {
  const widest = Math.max(1, ...lines.map((line) => line.width)) * size;
  const [stepX, stepY] = [widest + size * 4, size * (lines.length * 1.4 + 5)];
  const reach = Math.hypot(width, height);
  const one = lines
    .map(
      (line, index) =>
        `<path d="${line.path}" transform="translate(0 ${round(index * size * 1.4)}) scale(${size} ${-size})"/>`,
    )
    .join("");
  const places: string[] = [];
  for (let row = 0, y = -reach / 2; y < reach / 2; y += stepY, row++) {
    for (let x = -reach / 2 - (row % 2) * (stepX / 2); x < reach / 2; x += stepX)
      places.push(`<use href="#m" x="${round(x)}" y="${round(y)}"/>`);
  }
  const turned = `rotate(-24)`;
  return (
    `<defs><g id="m">${one}</g><g id="all">${places.join("")}</g></defs><g transform="translate(${round(width / 2)} ${round(height / 2)}) ${turned}">` +
    `<use href="#all" x="1" y="1" fill="#000" fill-opacity="0.3"/><use href="#all" fill="#fff" fill-opacity="0.24"/></g>`
  );
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
