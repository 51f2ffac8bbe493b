import { chanceBytes, chances, within } from "#platform/decoders/drawing/chance.ts";
import { type Letters, lettersOf } from "#platform/decoders/drawing/letters.ts";
import type { Mark } from "#platform/decoders/wire.ts";

const MAX_LINES = 4;
const MAX_CHARACTERS = 120;
/** Letters all over the picture: so many of their heights go into its middle side. Small copies of a picture are marked alike. */
const HEIGHTS = 32;
const LEADING = 1.4;
/** So many ways to choose the letters that cover what is beneath them; every repetition takes one. */
const CHOICES = 3;
/** Of 256 letters. */
const COVERING = 104;

/** Pages of text are shone through everywhere: a letter that covers a word would hide what it says. */
export type Covering = "some letters" | "nothing";

/**
 * The mark as a drawing over a picture of width × height: the lines in a band along the bottom, and again and again, slanted, all
 * over it, so that no useful part can be cut out without them. Whoever knew exactly where everything stands could still take away
 * only what shines through: beneath the letters that cover nothing is left. Letters come as outlines of our own font, so neither
 * the machine's fonts nor anything in the text decides what is drawn.
 */
export function markDrawing(mark: Mark, width: number, height: number, covering: Covering = "some letters"): Buffer {
  const lines = mark.lines
    .slice(0, MAX_LINES)
    .map((line) => lettersOf([...line.normalize("NFC")].slice(0, MAX_CHARACTERS).join("")));
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
      repeated(mark, lines, { width, height, covering }) +
      `${band(mark, lines, width, height)}</svg>`,
  );
}

function band({ grain }: Mark, lines: readonly Letters[], width: number, height: number): string {
  const size = Math.max(9, Math.min(32, Math.round(width / 45)));
  const leading = Math.round(size * LEADING);
  const high = leading * lines.length + Math.round(size * 0.6);
  const top = height - high;
  const [dark] = chances(grain, "band", 1);
  const text = lines.map((line, index) => {
    const fit = Math.min(size, (width - size) / Math.max(line.width, 1) || size);
    return `<path d="${whole(line)}" transform="translate(${round(size / 2)} ${top + leading * (index + 1) - Math.round(size * 0.2)}) scale(${round(fit)} ${round(-fit)})"/>`;
  });
  return `<rect x="0" y="${top}" width="${width}" height="${high}" fill="#000" fill-opacity="${round(within(dark, 0.55, 0.65))}"/><g fill="#fff">${text.join("")}</g>`;
}

type Sheet = { width: number; height: number; covering: Covering };

/** The lines all over the picture. In units of a letter's height, so that a smaller copy of the same frame has them at the same places. */
function repeated({ place, grain }: Mark, lines: readonly Letters[], { width, height, covering }: Sheet): string {
  const size = Math.sqrt(width * height) / HEIGHTS;
  const [angle, side, apartX, apartY, offX, offY] = chances(place, "grid", 6);
  const turned = within(angle, 16, 34) * ((side ?? 0) < 0.5 ? -1 : 1);
  const box = { width: Math.max(1, ...lines.map((line) => line.width)), height: lines.length * LEADING };
  const [stepX, stepY] = [box.width + within(apartX, 3, 5), box.height + within(apartY, 3.6, 5.2)];
  const reach = Math.hypot(width, height) / size / 2;
  const [columns, rows] = [Math.ceil(reach / stepX) + 1, Math.ceil(reach / stepY) + 1];
  const under: string[] = [];
  const over: string[] = [];
  for (let row = -rows; row <= rows; row++) {
    for (let column = -columns; column <= columns; column++) {
      const name = `${row} ${column}`;
      const [dx, dy, turn, choice, grey] = chances(place, name, 5);
      const [strength, shade] = chances(grain, name, 2);
      const x = (column + within(offX, -0.5, 0.5) + (row % 2) / 2) * stepX + within(dx, -0.8, 0.8);
      const y = (row + within(offY, -0.5, 0.5)) * stepY + within(dy, -0.5, 0.5);
      if (!isSeen({ x, y, ...box }, turned, width / size, height / size)) continue;
      const at = `transform="translate(${round(x)} ${round(y)}) rotate(${round(within(turn, -2.5, 2.5))})"`;
      const way = Math.floor(within(choice, 0, CHOICES));
      const light = Math.round(within(grey, 150, 250));
      under.push(`<use href="#all" ${at} fill-opacity="${round(within(shade, 0.2, 0.34))}"/>`);
      over.push(
        `<use href="#all" ${at} fill="#fff" fill-opacity="${round(within(strength, 0.16, 0.3))}"/>` +
          (covering === "nothing" ? "" : `<use href="#c${way}" ${at} fill="rgb(${light} ${light} ${light})"/>`),
      );
    }
  }
  const middle = `translate(${round(width / 2)} ${round(height / 2)}) rotate(${round(turned)}) scale(${round(size)})`;
  return (
    `<defs>${choices(place, lines, covering)}</defs>` +
    `<g transform="translate(1 1) ${middle}" fill="#000">${under.join("")}</g>` +
    `<g transform="${middle}">${over.join("")}</g>`
  );
}

type Box = { x: number; y: number; width: number; height: number };

/** Whether a box, turned by so many degrees about the middle of the sheet, may reach into it; its own small turn stays within a letter's height. */
function isSeen({ x, y, width, height }: Box, degrees: number, sheetWidth: number, sheetHeight: number): boolean {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [middleX, middleY] = [x + width / 2, y + height / 2 - 1];
  const [halfX, halfY] = [width / 2 + 1, height / 2 + 1];
  const [farX, farY] = [
    Math.abs(middleX * cos - middleY * sin) - halfX * Math.abs(cos) - halfY * Math.abs(sin),
    Math.abs(middleX * sin + middleY * cos) - halfX * Math.abs(sin) - halfY * Math.abs(cos),
  ];
  return farX < sheetWidth / 2 && farY < sheetHeight / 2;
}

/** Every letter as `all`, and for each way to choose the letters that cover, as `c` and its number. */
function choices(place: Uint8Array, lines: readonly Letters[], covering: Covering): string {
  const group = (id: string, paths: readonly string[]) =>
    `<g id="${id}">${paths.map((path, index) => `<path d="${path}" transform="translate(0 ${round(index * LEADING)}) scale(1 -1)"/>`).join("")}</g>`;
  const ways = Array.from({ length: CHOICES }, (_, way) =>
    lines.map(({ letters }, index) => {
      const drawn = chanceBytes(place, `letters ${way} ${index}`, letters.length);
      return letters.map(({ bold }, at) => ((drawn[at] ?? 0) < COVERING ? bold : "")).join("");
    }),
  );
  const covers = covering === "nothing" ? [] : ways.map((paths, way) => group(`c${way}`, paths));
  return group("all", lines.map(whole)) + covers.join("");
}

const whole = ({ letters }: Letters): string => letters.map(({ path }) => path).join("");

/** Noise of at most one and a half grey levels on every sample, in place: nobody sees it, and no value can be trusted to the last bits. */
export function addGrain({ grain }: Mark, samples: Uint8Array): void {
  const noise = chanceBytes(grain, "noise", samples.length);
  const clamped = new Uint8ClampedArray(samples.buffer, samples.byteOffset, samples.length);
  for (let at = 0; at < clamped.length; at++) clamped[at] = (clamped[at] ?? 0) + ((noise[at] ?? 0) % 3) - 1;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
