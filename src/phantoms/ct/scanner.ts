import type { Head } from "#phantoms/head/bleed.ts";
import { CT } from "#phantoms/head/materials.ts";
import { type Pose, planeInHead } from "#phantoms/head/pose.ts";
import { headSlice } from "#phantoms/head/slice.ts";
import type { Raster } from "#phantoms/image/grid.ts";
import { bandNoise, type Field } from "#phantoms/image/noise.ts";
import type { Random } from "#phantoms/image/random.ts";
import { bell, cover, type Plane } from "#phantoms/image/shape.ts";

/** 512 × 512 pixels over 240 mm, as head examinations are reconstructed. */
export const MATRIX = 512;
export const PIXEL_SPACING = 240 / MATRIX;
/** PS3.3 §C.11.1: stored values are Hounsfield units plus 1024. */
export const INTERCEPT = -1024;
/** Stored where the reconstruction has nothing: outside the circle of 240 mm. */
export const PADDING = -2000;

export const axialPlane = (z: number): Plane => ({
  origin: [-120 + PIXEL_SPACING / 2, -120 + PIXEL_SPACING / 2, z],
  right: [1, 0, 0],
  down: [0, 1, 0],
  spacing: PIXEL_SPACING,
  columns: MATRIX,
  rows: MATRIX,
});

type Bed = { readonly field: Uint8Array; readonly rest: Raster; readonly sigma: Raster };
let bed: Bed | undefined;
let grain: Field | undefined;

/** What is the same in every picture: the circle, the headrest's shell and foam, and where noise is strong. */
function bedOf(): Bed {
  const field = new Uint8Array(MATRIX * MATRIX);
  const rest = new Float32Array(MATRIX * MATRIX);
  const sigma = new Float32Array(MATRIX * MATRIX);
  for (let j = 0; j < MATRIX; j++) {
    for (let i = 0; i < MATRIX; i++) {
      const at = j * MATRIX + i;
      const x = (i + 0.5) * PIXEL_SPACING - 120;
      const y = (j + 0.5) * PIXEL_SPACING - 120;
      field[at] = x * x + y * y < 119.6 * 119.6 ? 1 : 0;
      const r = Math.sqrt((x / 1.02) ** 2 + ((y - 4) * 0.98) ** 2);
      const cradle = cover(6.2 - Math.abs(r - 112), 1.2) * cover(y - 30 + 0.1 * Math.abs(x), 4);
      const shell = cover(Math.abs(r - 112) - 4.6, 1) * cradle;
      rest[at] = 70 * cradle + 560 * shell;
      sigma[at] = 0.72 + 0.5 * Math.exp(-(x * x + y * y) / (62 * 62));
    }
  }
  return { field, rest, sigma };
}

/** A picture without noise, in Hounsfield units, with the dark band that dense petrous bone casts between its two sides. */
export function cleanSlice(z: number, head: Head, pose: Pose): Raster {
  bed ??= bedOf();
  const values = headSlice(planeInHead(axialPlane(z), pose), CT, head);
  const band = 9 * bell(z - pose.move[2], -36, 7);
  for (let j = 0; j < MATRIX; j++) {
    const y = (j + 0.5) * PIXEL_SPACING - 120 - pose.move[1];
    const dark = band > 0.2 ? band * bell(y, 12, 9) : 0;
    for (let i = 0; i < MATRIX; i++) {
      const at = j * MATRIX + i;
      const value = values[at] as number;
      if (value < -980) values[at] = value + (bed.rest[at] as number);
      else if (dark > 0.2 && value > -60 && value < 120) {
        const x = (i + 0.5) * PIXEL_SPACING - 120;
        values[at] = value - dark * bell(x, 0, 46);
      }
    }
  }
  return values;
}

/** What the machine stores: noise of a standard deviation of about `noise` HU in the middle of the head, padding outside the circle. */
export function storedSlice(clean: Raster, noise: number, random: Random): Int16Array {
  bed ??= bedOf();
  grain ??= bandNoise("ct-grain", 2, 512, 0.85, 2.6);
  const stored = new Int16Array(MATRIX * MATRIX);
  const shiftX = random.below(512);
  const shiftY = random.below(512);
  const mirror = random.next() < 0.5 ? 511 : 0;
  for (let j = 0; j < MATRIX; j++) {
    const line = ((j + shiftY) & 511) * 512;
    for (let i = 0; i < MATRIX; i++) {
      const at = j * MATRIX + i;
      if (bed.field[at] === 0) {
        stored[at] = PADDING;
        continue;
      }
      const speck = grain.values[line + (((i + shiftX) & 511) ^ mirror)] as number;
      const value = (clean[at] as number) + noise * (bed.sigma[at] as number) * speck - INTERCEPT;
      stored[at] = Math.max(0, Math.min(4095, value)) + 0.5; // the array cuts what follows the point
    }
  }
  return stored;
}

/** Adds one axial picture's shadow from the side to a scout: a line of water-equivalent millimetres from front to back. */
export function shadowFromTheSide(clean: Raster): Float32Array {
  const line = new Float32Array(MATRIX);
  for (let j = 0; j < MATRIX; j++) {
    let sum = 0;
    for (let i = 0; i < MATRIX; i++) {
      const hounsfield = clean[j * MATRIX + i] as number;
      if (hounsfield > -950) sum += 1 + Math.min(hounsfield, 1500) / 1000;
    }
    line[j] = sum * PIXEL_SPACING;
  }
  return line;
}
