import type { Raster } from "#phantoms/image/grid.ts";

/** A picture in millimetres: `left` and `top` are the coordinates of its first pixel. */
export type Sheet = {
  readonly values: Raster;
  readonly columns: number;
  readonly rows: number;
  readonly spacing: number;
  readonly left: number;
  readonly top: number;
};

export function sheetOf(columns: number, rows: number, spacing: number): Sheet {
  const left = (-(columns - 1) * spacing) / 2;
  const top = (-(rows - 1) * spacing) / 2;
  return { values: new Float32Array(columns * rows), columns, rows, spacing, left, top };
}

/** Adds what `at` says to every pixel. */
export function fill(sheet: Sheet, at: (x: number, y: number, was: number, index: number) => number): void {
  const { values, columns, rows, spacing, left, top } = sheet;
  for (let j = 0; j < rows; j++) {
    const y = top + j * spacing;
    for (let i = 0; i < columns; i++) {
      const k = j * columns + i;
      values[k] = at(left + i * spacing, y, values[k] as number, k);
    }
  }
}

/** A point of a stroke: place and half-width in millimetres, and how strong the stroke is there. */
export type Knot = { readonly x: number; readonly y: number; readonly r: number; readonly gain: number };

/** What a stroke adds across its width: `q` is 0 on its line and 1 at its edge. */
export type Profile = (q: number) => number;

/** A solid cylinder seen from the side. */
export const solidTube: Profile = (q) => Math.sqrt(Math.max(0, 1 - q * q));

/** A pipe seen from the side: denser along its edges, as ribs are. */
export const hollowTube: Profile = (q) =>
  1.25 * Math.sqrt(Math.max(0, 1 - q * q)) - 0.8 * Math.sqrt(Math.max(0, 0.66 - q * q));

type Box = { i0: number; i1: number; j0: number; j1: number };

function boxOf(sheet: Sheet, knots: readonly Knot[]): Box {
  const { spacing, left, top, columns, rows } = sheet;
  const pad = Math.max(...knots.map((k) => k.r)) + 2 * spacing;
  const xs = knots.map((k) => k.x);
  const ys = knots.map((k) => k.y);
  return {
    i0: Math.max(0, Math.floor((Math.min(...xs) - pad - left) / spacing)),
    i1: Math.min(columns - 1, Math.ceil((Math.max(...xs) + pad - left) / spacing)),
    j0: Math.max(0, Math.floor((Math.min(...ys) - pad - top) / spacing)),
    j1: Math.min(rows - 1, Math.ceil((Math.max(...ys) + pad - top) / spacing)),
  };
}

/**
 * Draws a line of varying width; where it bends, its parts do not add up. It is added to what is there, or the greater of
 * the two is kept. `strength` may weaken it by place.
 */
export function stroke(
  sheet: Sheet,
  knots: readonly Knot[],
  profile: Profile,
  { strength, keep = "sum" }: { strength?: (x: number, y: number) => number; keep?: "sum" | "greater" } = {},
): void {
  const all = boxOf(sheet, knots);
  const width = all.i1 - all.i0 + 1;
  const height = all.j1 - all.j0 + 1;
  if (width <= 0 || height <= 0) return;
  const nearest = new Float32Array(width * height).fill(1);
  const gains = new Float32Array(width * height);
  for (let n = 0; n + 1 < knots.length; n++)
    nearestTo(sheet, all, knots[n] as Knot, knots[n + 1] as Knot, nearest, gains);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const q = nearest[j * width + i] as number;
      if (q >= 1) continue;
      const at = (all.j0 + j) * sheet.columns + all.i0 + i;
      const here = strength
        ? strength(sheet.left + (all.i0 + i) * sheet.spacing, sheet.top + (all.j0 + j) * sheet.spacing)
        : 1;
      const was = sheet.values[at] as number;
      const value = (gains[j * width + i] as number) * profile(q) * here;
      sheet.values[at] = keep === "sum" ? was + value : Math.max(was, value);
    }
  }
}

/** Notes for each pixel how near the piece from `a` to `b` comes, as a share of its half-width there. */
function nearestTo(sheet: Sheet, all: Box, a: Knot, b: Knot, nearest: Raster, gains: Raster): void {
  const { spacing, left, top } = sheet;
  const width = all.i1 - all.i0 + 1;
  const box = boxOf(sheet, [a, b]);
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy + 1e-9;
  for (let j = Math.max(box.j0, all.j0); j <= Math.min(box.j1, all.j1); j++) {
    const ey = top + j * spacing - a.y;
    for (let i = Math.max(box.i0, all.i0); i <= Math.min(box.i1, all.i1); i++) {
      const ex = left + i * spacing - a.x;
      const t = Math.min(1, Math.max(0, (ex * dx + ey * dy) / length2));
      const fx = ex - dx * t;
      const fy = ey - dy * t;
      const q = Math.sqrt(fx * fx + fy * fy) / (a.r + (b.r - a.r) * t);
      const at = (j - all.j0) * width + i - all.i0;
      if (q < (nearest[at] as number)) {
        nearest[at] = q;
        gains[at] = a.gain + (b.gain - a.gain) * t;
      }
    }
  }
}
