import type { Palette } from "#phantoms/head/materials.ts";
import { bandNoise, type Field, lerp, sample3 } from "#phantoms/image/noise.ts";
import { clamp, cover, ramp } from "#phantoms/image/shape.ts";

/** Sulci are where a noise field changes sign: its zero set winds like they do. Lengths in millimetres. */
const GYRUS = 15;
const VOXEL = GYRUS / 7;

let gyri: Field | undefined;
let texture: Field | undefined;

const fields = (): { gyri: Field; texture: Field } => {
  gyri ??= bandNoise("gyri/3", 3, 64, 1.5, 2.7);
  texture ??= bandNoise("texture", 3, 64, 1.3, 0);
  return { gyri, texture };
};

/** The upper face of the tentorium over (x, y). */
export function tentorium(x: number, y: number): number {
  const side = Math.abs(x);
  const notch = side > 13 ? 3 * (side - 13) * ramp(36, 20, y) : 0; // the brain stem passes through it in front
  return 1 - 0.34 * side - 0.004 * side * side - 0.3 * Math.max(0, y - 26) - notch - 1.5 * Math.max(0, 3 - y);
}

/** Whether a point lies behind the petrous ridge and below the tentorium. */
export const inPosteriorFossa = (x: number, y: number, z: number): boolean =>
  y > -4 + 0.42 * Math.abs(x) && z < tentorium(x, y);

/** How wide the fluid spaces are: 1 is a young adult. */
export type Brain = { readonly atrophy: number };

/** How far a point of the middle plane lies inside the part where the hemispheres are joined, in millimetres; negative outside. */
function joinedBy(y: number, z: number): number {
  const inner = 1 - Math.sqrt(((y - 2) / 45) ** 2 + ((z - 3) / 28) ** 2);
  const base = z < -13 ? Math.min(40 + y, (-13 - z) * 2) : -99;
  return Math.max(inner * 30, base);
}

/** Slow variation of tissue, about ± 1. */
export const mottleAt = (x: number, y: number, z: number): number =>
  sample3(fields().texture, x / 3.1, y / 3.1, z / 3.1);

/** The folding of the cortex at a point: its zero set is where the sulci are. */
export function foldAt(x: number, y: number, z: number): number {
  const cy = y - 6;
  const cz = z + 4;
  // The further in, the less the pattern changes: sulci run inwards.
  const pull = (72 / (Math.sqrt(x * x + cy * cy + cz * cz) + 1)) ** 0.72 / VOXEL;
  const bend = 0.45 * sample3(fields().texture, x / 5, y / 5, z / 5);
  return sample3(fields().gyri, x * pull + bend, cy * pull + bend, cz * pull);
}

/** How deep the sulci reach near a point. */
export const reachAt = (x: number, y: number, z: number): number =>
  clamp(12 + 4 * sample3(fields().texture, x / 17, (y - 6) / 17, (z + 4) / 17 + 7), 7, 19);

/** What is known of a point of the cerebrum: its depth below the inner table, its folding, and so on. */
export type CerebralPoint = {
  y: number;
  z: number;
  depth: number;
  fold: number;
  reach: number;
  mottle: number;
  /** Distance from the plane between the hemispheres. */
  midline: number;
  /** The width over which a boundary is blurred: more than a pixel. */
  blur: number;
};

/** The value of a point of the cerebrum. */
export function cerebrum(p: CerebralPoint, palette: Palette, brain: Brain): number {
  const surface = 0.9 + 0.7 * brain.atrophy;
  const { midline } = p;
  const joined = midline < 34 ? joinedBy(p.y, p.z) : 99;
  const cleft = joined > 0 ? Math.sqrt(midline * midline + joined * joined) : midline;
  const below = Math.min(p.depth - surface, cleft - 0.9);
  let value = palette.white + (palette.grey - palette.white) * 0.07 * p.mottle;
  let near = 99;
  let fluid = 0;
  if (below < 27) {
    const aside = (Math.abs(p.fold) * GYRUS) / 4.1;
    const deep = Math.max(0, below - p.reach);
    near = Math.sqrt(aside * aside + deep * deep);
    const half = (0.36 + 0.42 * brain.atrophy) * (1 - 0.62 * Math.min(1, Math.max(0, below) / p.reach));
    fluid = cover(half - near, p.blur) * (below < p.reach + 2 ? 1 : 0);
    near -= half;
  }
  value = lerp(value, palette.grey, cover(2.9 - Math.min(near, below), 1.5));
  const opened = cover(0.5 + 0.5 * brain.atrophy - midline, p.blur) * ramp(1, -1, joined);
  fluid = Math.max(fluid, opened, cover(surface - p.depth, 1));
  return lerp(value, palette.cerebrospinal, fluid);
}

/** Distance from the plane between the hemispheres, which is never quite flat. */
export const midlineDistance = (x: number, y: number, z: number): number =>
  Math.abs(x - 0.7 * Math.sin(y * 0.045 + z * 0.03));

/** The value of a point below the tentorium, before the brain stem is laid over it. */
export function cerebellum(x: number, y: number, z: number, depth: number, palette: Palette): number {
  const { texture: t } = fields();
  const below = Math.min(depth, (tentorium(x, y) - z) * 0.75) - 0.9;
  const side = Math.abs(x);
  const front = y - (24 + 0.0045 * (side - 10) ** 2 + (side > 34 ? (side - 34) * 0.3 : 0));
  const inside = Math.min(below, front * 0.9);
  if (inside < -1) return palette.cerebrospinal;
  const cy = y - 30;
  const cz = z + 33;
  const radius = Math.sqrt(x * x * 0.8 + cy * cy * 1.2 + cz * cz);
  const wave = sample3(t, x / 8, y / 8, z / 8);
  const folium = Math.sin(radius * 1.45 + 4 * wave + 1.2 * sample3(t, x / 3, y / 3, z / 3));
  const depthShare = ramp(3, 16, inside);
  let value = lerp(palette.grey, palette.white, 0.25 + 0.35 * depthShare + 0.2 * folium * (1 - depthShare));
  const core = 1 - Math.sqrt(((side - 20) / 15) ** 2 + (cy / 17) ** 2 + (cz / 11) ** 2);
  value = lerp(value, palette.white, ramp(-0.25, 0.25, core + 0.14 * wave));
  value = lerp(value, palette.cerebrospinal, 0.36 * ramp(0.5, 1, folium) * ramp(9, 1, inside));
  return lerp(palette.cerebrospinal, value, cover(inside, 1.2));
}
