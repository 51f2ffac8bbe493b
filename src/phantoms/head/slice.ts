import { type Bleed, pushedBy, thicknessAt } from "#phantoms/head/bleed.ts";
import { type Brain, cerebellum, cerebrum, inPosteriorFossa, tentorium } from "#phantoms/head/cortex.ts";
import type { Palette } from "#phantoms/head/materials.ts";
import { paint } from "#phantoms/head/paint.ts";
import { BASE_SOLIDS, BRAIN_SOLIDS, FOSSA_SOLIDS } from "#phantoms/head/solids.ts";
import { aboveBase, skinDepth, vaultDepth, vaultThickness, wallPresence } from "#phantoms/head/vault.ts";
import { bandNoise, type Field, lerp, sample3 } from "#phantoms/image/noise.ts";
import { cover, type Plane, ramp } from "#phantoms/image/shape.ts";

export type Head = { readonly brain: Brain; readonly bleed?: Bleed };

let cells: Field | undefined;

/** Bone by place: two dense tables with marrow between. */
function bone(x: number, y: number, z: number, depth: number, thickness: number, palette: Palette): number {
  cells ??= bandNoise("cells", 3, 64, 1.1, 2.6);
  const t = depth / thickness;
  const spongy = ramp(0.16, 0.34, t) * ramp(0.9, 0.72, t) * ramp(3.6, 5.6, thickness);
  const grain = sample3(cells, x / 1.3, y / 1.3, z / 1.3);
  return lerp(palette.cortical, palette.marrow * (1 + 0.13 * grain), spongy * 0.85);
}

/** Skin, fat and muscle by depth below the skin. */
function softTissue(depth: number, x: number, y: number, z: number, toBone: number, palette: Palette): number {
  const grain = sample3(cells as Field, x / 3, y / 3, z / 3);
  let value = lerp(palette.fat, palette.muscle, ramp(6, 10, depth + 1.3 * grain) * 0.85);
  value = lerp(value, palette.muscle, 0.75 * ramp(3, 1.4, toBone));
  return lerp(palette.skin, value, ramp(1.2, 2.4, depth));
}

type Layers = { values: Float32Array; shift: Float32Array; cerebral: Float32Array; fossa: Float32Array };

/** What lies in the cavity at a point: brain, fluid or blood. Fills the layers that the solids are painted through. */
function intracranial(x: number, y: number, z: number, cavity: number, at: number, layers: Layers, palette: Palette, head: Head): number {
  if (inPosteriorFossa(x, y, z)) {
    layers.fossa[at] = 1;
    return cerebellum(x, y, z, cavity, palette);
  }
  const { bleed } = head;
  let qx = x;
  let depth = cavity;
  if (bleed) {
    const push = pushedBy(bleed, x, y, z, cavity);
    layers.shift[at] = push;
    qx = x - push;
    if (x < 0 && push > 0.3) depth = Math.min(cavity, vaultDepth(qx, y, z) - vaultThickness(qx, y, z));
  }
  layers.cerebral[at] = cover(depth - 1.2, 1);
  let value = cerebrum(qx, y, z, depth, palette, head.brain);
  const falx = cover(0.55 - Math.abs(qx - 0.7 * Math.sin(y * 0.045 + z * 0.03)), 0.9) * ramp(46, 40, cavity) * ramp(-14, -6, z);
  const seen = Math.max(ramp(-44, -50, y), ramp(38, 44, y), ramp(38, 46, z));
  value = lerp(value, palette.dura, 0.8 * falx * seen);
  value = lerp(value, palette.dura, 0.8 * cover(0.8 - Math.abs(z - tentorium(x, y)) * 0.85, 0.9) * ramp(12, 20, y));
  const sinus = cover(4.6 - Math.abs(x) * 1.1 - cavity * 0.75, 1.2) * Math.max(ramp(20, 50, y), ramp(40, 62, z));
  value = lerp(value, palette.sinusBlood, sinus);
  if (bleed) {
    const wall = thicknessAt(bleed, x, y, z);
    const clot = cover(1.1 - depth, 1) * ramp(0.5, 2, wall);
    const layered = 1 + 0.05 * sample3(cells as Field, x / 4, y / 4, z / 4) + 0.0011 * y;
    value = lerp(value, palette.blood * layered, clot);
  }
  return value;
}

function point(x: number, y: number, z: number, at: number, layers: Layers, palette: Palette, head: Head): number {
  const vault = vaultDepth(x, y, z);
  const skin = skinDepth(x, y, z, vault);
  if (skin < -1) return palette.air;
  const thickness = vaultThickness(x, y, z);
  const base = z < 8 ? aboveBase(x, y, z) : 99;
  const cavity = Math.min(vault - thickness, base);
  let value = palette.air;
  if (cavity < 1.2) {
    value = lerp(palette.air, softTissue(skin, x, y, z, Math.abs(vault), palette), cover(skin, 1.1));
    const wall = Math.min(vault, thickness + 0.5 - vault + 0.5) > -1 ? cover(vault, 0.9) * cover(thickness - vault + 0.6, 1) : 0;
    const presence = wall > 0 ? wall * wallPresence(x, y, z) : 0;
    if (presence > 0) value = lerp(value, bone(x, y, z, vault, thickness, palette), presence);
    if (base < 1.2 && vault > 2) {
      const plate = cover(base + 3.4, 1) * cover(vault - 1, 2);
      value = lerp(value, lerp(palette.cortical, palette.marrow, 0.35), plate);
    }
  }
  if (cavity <= -0.6) return value;
  return lerp(value, intracranial(x, y, z, cavity, at, layers, palette, head), cover(cavity, 1));
}

/** One picture of a head, without noise: a value of the palette, mixed at boundaries, for each pixel, row by row. */
export function headSlice(plane: Plane, palette: Palette, head: Head): Float32Array {
  cells ??= bandNoise("cells", 3, 64, 1.1, 2.6);
  const { origin, right, down, spacing, columns, rows } = plane;
  const count = columns * rows;
  const layers: Layers = {
    values: new Float32Array(count), shift: new Float32Array(count), cerebral: new Float32Array(count), fossa: new Float32Array(count),
  };
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const at = j * columns + i;
      const x = origin[0] + (right[0] * i + down[0] * j) * spacing;
      const y = origin[1] + (right[1] * i + down[1] * j) * spacing;
      const z = origin[2] + (right[2] * i + down[2] * j) * spacing;
      layers.values[at] = point(x, y, z, at, layers, palette, head);
    }
  }
  paint(layers.values, plane, FOSSA_SOLIDS, palette, undefined, layers.fossa);
  paint(layers.values, plane, BRAIN_SOLIDS, palette, head.bleed ? layers.shift : undefined, layers.cerebral);
  if (Math.min(origin[2], origin[2] + down[2] * rows * spacing) < 0) paint(layers.values, plane, BASE_SOLIDS, palette);
  return layers.values;
}
