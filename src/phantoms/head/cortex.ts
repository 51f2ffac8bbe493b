import type { Palette } from "#phantoms/head/materials.ts";
import { bandNoise, type Field, lerp, sample3 } from "#phantoms/image/noise.ts";
import { cover, ramp } from "#phantoms/image/shape.ts";

/** Sulci are where a noise field changes sign: its zero set winds like they do. Lengths in millimetres. */
const GYRUS = 12.5;
const VOXEL = GYRUS / 7.3;

let gyri: Field | undefined;
let texture: Field | undefined;

const fields = (): { gyri: Field; texture: Field } => {
  gyri ??= bandNoise("gyri", 3, 64, 1.5, 3.6);
  texture ??= bandNoise("texture", 3, 64, 1.3, 0);
  return { gyri, texture };
};

/** The upper face of the tentorium over (x, y). */
export const tentorium = (x: number, y: number): number => 1 - 0.52 * Math.abs(x) - 0.32 * Math.max(0, y - 26);

/** Whether a point lies behind the petrous ridge and below the tentorium. */
export const inPosteriorFossa = (x: number, y: number, z: number): boolean =>
  y > -4 + 0.42 * Math.abs(x) && z < tentorium(x, y);

/** How wide the fluid spaces are: 1 is a young adult. */
export type Brain = { readonly atrophy: number };

/** 1 where the two hemispheres are apart, 0 where they are joined. */
function cleft(y: number, z: number): number {
  const joined = ((y - 2) / 45) ** 2 + ((z - 3) / 28) ** 2;
  const base = z > -13 ? 1 : ramp(-36, -42, y);
  return ramp(0.92, 1.08, joined) * base;
}

/** The value of a point of the cerebrum that lies `depth` below the inner table. */
export function cerebrum(x: number, y: number, z: number, depth: number, palette: Palette, brain: Brain): number {
  const { gyri: g, texture: t } = fields();
  const surface = 0.9 + 0.7 * brain.atrophy;
  const midline = Math.abs(x - 0.7 * Math.sin(y * 0.045 + z * 0.03));
  const apart = cleft(y, z);
  const below = Math.min(depth - surface, apart > 0.5 ? midline - 0.9 : 99);
  const mottle = sample3(t, x / 3.1, y / 3.1, z / 3.1);
  let value = palette.white + (palette.grey - palette.white) * 0.07 * mottle;
  let near = 99;
  let fluid = 0;
  if (below < 27) {
    const cx = x;
    const cy = y - 6;
    const cz = z + 4;
    // The further in, the less the pattern changes: sulci run inwards.
    const pull = (72 / (Math.sqrt(cx * cx + cy * cy + cz * cz) + 1)) ** 0.72 / VOXEL;
    const n = sample3(g, cx * pull + 0.35 * mottle, cy * pull, cz * pull);
    const aside = (Math.abs(n) * GYRUS) / 4.1;
    const reach = 11 + 6 * sample3(t, cx / 19, cy / 19, cz / 19 + 7);
    const deep = Math.max(0, below - reach);
    near = Math.sqrt(aside * aside + deep * deep);
    const half = (0.36 + 0.42 * brain.atrophy) * (1 - 0.62 * Math.min(1, Math.max(0, below) / reach));
    fluid = cover(half - near, 1.1) * (below < reach + 2 ? 1 : 0);
    near -= half;
  }
  const rim = Math.min(near, below);
  value = lerp(value, palette.grey, cover(2.9 - rim, 1.5));
  const opened = apart * cover(0.5 + 0.5 * brain.atrophy - midline, 1.1);
  fluid = Math.max(fluid, opened, cover(surface - depth, 1));
  return lerp(value, palette.cerebrospinal, fluid);
}

/** The value of a point below the tentorium, before the brain stem is laid over it. */
export function cerebellum(x: number, y: number, z: number, depth: number, palette: Palette): number {
  const { texture: t } = fields();
  const below = Math.min(depth, (tentorium(x, y) - z) * 0.8) - 1.6;
  const side = Math.abs(x);
  const front = y - (24 + 0.0045 * (side - 10) ** 2 + (side > 34 ? (side - 34) * 0.3 : 0));
  const inside = Math.min(below, front * 0.9);
  if (inside < -1) return palette.cerebrospinal;
  const cy = y - 30;
  const cz = z + 33;
  const radius = Math.sqrt(x * x * 0.8 + cy * cy * 1.2 + cz * cz);
  const wave = sample3(t, x / 8, y / 8, z / 8);
  const folium = Math.sin(radius * 1.55 + 1.3 * wave);
  const depthShare = ramp(3, 16, inside);
  let value = lerp(palette.grey, palette.white, 0.25 + 0.35 * depthShare + 0.2 * folium * (1 - depthShare));
  const core = 1 - Math.sqrt(((side - 20) / 15) ** 2 + (cy / 17) ** 2 + (cz / 11) ** 2);
  value = lerp(value, palette.white, ramp(-0.25, 0.25, core + 0.14 * wave));
  value = lerp(value, palette.cerebrospinal, 0.5 * ramp(0.55, 1, folium) * ramp(9, 1, inside));
  return lerp(palette.cerebrospinal, value, cover(inside, 1.2));
}
