import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Rows × columns of R, G, B. */
export type Picture = { width: number; height: number; rgb: Uint8Array };

/** One frame (from 1) of a DICOM file as GDCM or DCMTK decode and DCMTK draws it: in its first window, or without one from darkest to brightest. */
export async function drawnByOthers(path: string, frame: number): Promise<Picture> {
  const folder = await mkdtemp(join(tmpdir(), "drawn-"));
  try {
    const [native, drawn] = [join(folder, "native.dcm"), join(folder, "drawn.ppm")];
    await execute("gdcmconv", ["--raw", path, native]).catch(() => execute("dcmdjpls", [path, native])); // GDCM fails some JPEG-LS
    const draw = (...window: string[]) => execute("dcm2pnm", ["+F", String(frame), ...window, native, drawn]);
    await draw("+Wi", "1").catch(() => draw("+Wm"));
    return readPnm(await readFile(drawn));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Binary PGM (P5) or PPM (P6) of 8 bits. */
function readPnm(bytes: Buffer): Picture {
  const head = /^(P[56])\s+(?:#[^\n]*\n)*(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 200).toString("latin1"));
  if (!head) throw new Error("no picture of 8 bits");
  const [text, kind, width, height] = [head[0], head[1], Number(head[2]), Number(head[3])];
  const samples = bytes.subarray(text.length);
  const rgb = kind === "P6" ? samples : Buffer.from([...samples].flatMap((grey) => [grey, grey, grey]));
  return { width, height, rgb: new Uint8Array(rgb) };
}

const GRID = 96;

export type Likeness = {
  /** Pearson's correlation of brightness, cell by cell. */
  structure: number;
  /** The same of the differences between red and green and between blue and green; undefined for a picture without colours. */
  colour: number | undefined;
  /** Standard deviation of what is shown, in grey levels: 0 for a blank screen. */
  contrast: number;
};

/**
 * How alike the screen and each of the pictures (all of one size) are, where a picture fills the screen as far as it fits and is
 * centred there. Both are averaged over the same cells, so that neither interpolation nor a linear window counts.
 */
export function likenesses(screen: Picture, pictures: readonly Picture[]): Likeness[] {
  const [{ width, height }] = pictures as readonly [Picture];
  const scale = Math.min(screen.width / width, screen.height / height);
  const [wide, high] = [width * scale, height * scale];
  const shown = cells(screen, { x: (screen.width - wide) / 2, y: (screen.height - high) / 2, wide, high });
  return pictures.map((picture) => compared(shown, cellsOf(picture)));
}

function compared(shown: Cells, expected: Cells): Likeness {
  return {
    structure: correlation(brightness(shown), brightness(expected)),
    colour: deviation(colours(expected)) < 1 ? undefined : correlation(colours(shown), colours(expected)),
    contrast: deviation(brightness(shown)),
  };
}

const known = new WeakMap<Picture, Cells>();

function cellsOf(picture: Picture): Cells {
  const { width, height } = picture;
  const found = known.get(picture) ?? cells(picture, { x: 0, y: 0, wide: width, high: height });
  known.set(picture, found);
  return found;
}

type Cells = { r: number[]; g: number[]; b: number[] };

const colours = ({ r, g, b }: Cells): number[] => [
  ...r.map((red, at) => red - (g[at] ?? 0)),
  ...b.map((blue, at) => blue - (g[at] ?? 0)),
];
const brightness = ({ r, g, b }: Cells): number[] => r.map((red, at) => (red + (g[at] ?? 0) + (b[at] ?? 0)) / 3);

function cells({ width, height, rgb }: Picture, at: { x: number; y: number; wide: number; high: number }): Cells {
  const found: Cells = { r: [], g: [], b: [] };
  const edge = (from: number, length: number, index: number, most: number): number =>
    Math.max(0, Math.min(most, Math.round(from + (length * index) / GRID)));
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const [left, right] = [edge(at.x, at.wide, column, width - 1), edge(at.x, at.wide, column + 1, width)];
      const [top, bottom] = [edge(at.y, at.high, row, height - 1), edge(at.y, at.high, row + 1, height)];
      const sum = [0, 0, 0];
      let count = 0;
      for (let y = top; y < Math.max(bottom, top + 1); y++) {
        for (let x = left; x < Math.max(right, left + 1); x++) {
          const pixel = (y * width + x) * 3;
          for (const channel of [0, 1, 2]) sum[channel] = (sum[channel] ?? 0) + (rgb[pixel + channel] ?? 0);
          count++;
        }
      }
      found.r.push((sum[0] ?? 0) / count);
      found.g.push((sum[1] ?? 0) / count);
      found.b.push((sum[2] ?? 0) / count);
    }
  }
  return found;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** 0 where either does not vary at all. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const spread = deviation(a) * deviation(b);
  if (spread === 0) return 0;
  const [meanA, meanB] = [mean(a), mean(b)];
  return mean(a.map((value, at) => (value - meanA) * ((b[at] ?? 0) - meanB))) / spread;
}
