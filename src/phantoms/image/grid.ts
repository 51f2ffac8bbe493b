import type { Plane } from "#phantoms/image/shape.ts";

/** A picture's worth of numbers, row by row. */
export type Raster = Float32Array;

/**
 * A smooth function over a plane, evaluated at every `step`-th pixel and straight in between. The function gets the point
 * in millimetres, the index of its own sample, which grids of the same step share, and the index of the nearest pixel.
 */
export function coarse(
  plane: Plane,
  step: number,
  at: (x: number, y: number, z: number, index: number, pixel: number) => number,
): Raster {
  const { origin, right, down, spacing, columns, rows } = plane;
  const width = Math.ceil((columns - 1) / step) + 1;
  const height = Math.ceil((rows - 1) / step) + 1;
  const grid = new Float32Array(width * height);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const r = i * step * spacing;
      const d = j * step * spacing;
      const index = j * width + i;
      grid[index] = at(
        origin[0] + right[0] * r + down[0] * d,
        origin[1] + right[1] * r + down[1] * d,
        origin[2] + right[2] * r + down[2] * d,
        index,
        Math.min(rows - 1, j * step) * columns + Math.min(columns - 1, i * step),
      );
    }
  }
  return grid;
}

/** A coarse grid drawn out to `columns` × `rows` pixels, into `full`. */
export function expand(grid: Raster, step: number, columns: number, rows: number, full: Raster): Raster {
  const width = Math.ceil((columns - 1) / step) + 1;
  const line = new Float32Array(width);
  for (let y = 0; y < rows; y++) {
    const j = Math.floor(y / step);
    const ty = y / step - j;
    const next = ty === 0 ? 0 : width;
    for (let i = 0; i < width; i++) {
      const top = grid[j * width + i] as number;
      line[i] = top + ((grid[j * width + next + i] as number) - top) * ty;
    }
    let at = y * columns;
    const end = at + columns;
    for (let i = 0; at < end; i++) {
      let value = line[i] as number;
      const slope = i + 1 < width ? ((line[i + 1] as number) - value) / step : 0;
      const stop = Math.min(end, at + step);
      for (; at < stop; at++, value += slope) full[at] = value;
    }
  }
  return full;
}
