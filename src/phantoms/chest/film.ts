import { ribs, shoulders, spine } from "#phantoms/chest/bones.ts";
import { airAt, bodyAt, type Chest, heartAt, lungAt, wallAt } from "#phantoms/chest/thorax.ts";
import { vessels } from "#phantoms/chest/vessels.ts";
import { drawText } from "#phantoms/image/font.ts";
import { coarse, expand, type Raster } from "#phantoms/image/grid.ts";
import { bandNoise, cloudNoise, type Field, sample2 } from "#phantoms/image/noise.ts";
import { randomOf } from "#phantoms/image/random.ts";
import { clamp, cover, ramp } from "#phantoms/image/shape.ts";
import { fill, type Sheet, sheetOf } from "#phantoms/image/stroke.ts";

export const FILM = { columns: 2000, rows: 2400, spacing: 0.175, bits: 14 } as const;
/** The window the picture is meant to be seen in, in stored values. */
export const FILM_WINDOW = { center: 7900, width: 13200 } as const;

let shared: { cloud: Field; grain: Field; fine: Field } | undefined;

function fieldsOf(): { cloud: Field; grain: Field; fine: Field } {
  shared ??= {
    cloud: cloudNoise("chest-cloud", 256, 6, 0.62),
    grain: bandNoise("chest-grain", 2, 256, 1, 3),
    fine: bandNoise("chest-fine", 2, 512, 0.55, 2.4),
  };
  return shared;
}

/** What weakens the beam behind each point, in millimetres of water. */
function shadow(sheet: Sheet, chest: Chest): void {
  const { cloud, grain } = fieldsOf();
  const { opacity, effusion = 0 } = chest;
  fill(sheet, (x, y) => {
    const lung = lungAt(x, y);
    const air = Math.max(0, lung - heartAt(x, y) * ramp(4, 30, lung));
    const meat = bodyAt(x, y, chest) - airAt(x, y);
    const streaks = 1 + 0.035 * sample2(cloud, x * 0.9, y * 0.9);
    let dense = 0;
    if (opacity) {
      const distance = Math.sqrt((x - opacity.x) ** 2 + ((y - opacity.y) * 1.15) ** 2) / opacity.radius;
      const ragged = distance + 0.24 * sample2(cloud, x * 0.7 + 40, y * 0.7);
      dense = opacity.density * ramp(1.1, 0, ragged) * (0.9 + 0.09 * sample2(cloud, x * 3, y * 3));
    }
    if (effusion > 0 && x < 0) {
      const level = 112 - effusion - 34 * Math.exp(-(wallAt(y) - Math.abs(x)) / 11);
      dense = Math.max(dense, 0.9 * ramp(-5, 8, y - level) * ramp(30, 70, -x));
    }
    return meat * streaks - 0.76 * air * (1 - clamp(dense, 0, 0.95));
  });
  vessels(sheet, chest);
  spine(sheet, grain);
  ribs(sheet);
  shoulders(sheet, grain);
}

/** The slow part of a picture, as a detector's processing evens it out: a mean over about 40 mm. */
function slowPart(sheet: Sheet): Raster {
  const step = 20;
  const width = Math.ceil((sheet.columns - 1) / step) + 1;
  const height = Math.ceil((sheet.rows - 1) / step) + 1;
  const plane = {
    origin: [0, 0, 0],
    right: [1, 0, 0],
    down: [0, 1, 0],
    spacing: 1,
    columns: sheet.columns,
    rows: sheet.rows,
  } as const;
  let grid = coarse(plane, step, (_x, _y, _z, _i, pixel) => sheet.values[pixel] as number);
  for (let pass = 0; pass < 6; pass++) {
    grid = grid.map((_, k) => {
      const i = k % width;
      const j = (k - i) / width;
      const at = (di: number, dj: number): number =>
        grid[clamp(j + dj, 0, height - 1) * width + clamp(i + di, 0, width - 1)] as number;
      return (at(0, 0) * 2 + at(1, 0) + at(-1, 0) + at(0, 1) + at(0, -1)) / 6;
    });
  }
  const slow = new Float32Array(sheet.columns * sheet.rows);
  expand(grid, step, sheet.columns, sheet.rows, slow);
  return slow;
}

/** A chest film of 2000 × 2400 pixels of 14 bits, bone white; `marker` is the lead letter on the patient's left. */
export function chestFilm(chest: Chest, marker = "L"): Uint16Array {
  const half = sheetOf(FILM.columns / 2 + 1, FILM.rows / 2 + 1, (FILM.spacing * 2) / chest.size);
  shadow(half, chest);
  const slow = slowPart(half);
  for (let k = 0; k < slow.length; k++) {
    const evened = 0.5 * (slow[k] as number) + ((half.values[k] as number) - (slow[k] as number)) + 42;
    half.values[k] = 16383 / (1 + Math.exp(-(evened - 112) / 40));
  }
  const lead = new Float32Array(half.values.length);
  drawText(lead, half.columns, marker, half.columns - 150, 210, 9, 1);
  for (let k = 0; k < lead.length; k++) if ((lead[k] as number) > 0) half.values[k] = 15900;
  return exposed(half, chest);
}

/** Twice the resolution, with the noise of few quanta behind thick parts, and the collimator's edge. */
function exposed(half: Sheet, chest: Chest): Uint16Array {
  const { columns, rows } = FILM;
  const { fine } = fieldsOf();
  const random = randomOf(`${chest.label}/exposure`);
  const full = new Float32Array(columns * rows);
  expand(half.values, 2, columns, rows, full);
  const stored = new Uint16Array(columns * rows);
  const dx = random.below(512);
  const dy = random.below(512);
  const edge = {
    left: 26 + random.below(20),
    right: columns - 30 - random.below(20),
    top: 22 + random.below(14),
    low: rows - 34 - random.below(20),
  };
  const across = Float32Array.from({ length: columns }, (_, i) => cover(Math.min(i - edge.left, edge.right - i), 5));
  for (let j = 0; j < rows; j++) {
    const inY = cover(Math.min(j - edge.top, edge.low - j), 5);
    const line = ((j + dy) & 511) * 512;
    for (let i = 0; i < columns; i++) {
      const k = j * columns + i;
      const open = inY * (across[i] as number);
      const value = full[k] as number;
      const noisy = value + (fine.values[line + ((i + dx) & 511)] as number) * (62 + value * 0.0105);
      stored[k] = clamp(60 + (noisy - 60) * open, 0, 16383) + 0.5; // the array cuts what follows the point
    }
  }
  return stored;
}
