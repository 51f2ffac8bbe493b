import type { Head } from "#phantoms/head/bleed.ts";
import { cerebellum, cerebrum, inPosteriorFossa, midlineDistance, tentorium } from "#phantoms/head/cortex.ts";
import { headBox, type Layers, layersOf, pictureFor } from "#phantoms/head/layers.ts";
import type { Palette } from "#phantoms/head/materials.ts";
import { paint } from "#phantoms/head/paint.ts";
import { BASE_SOLIDS, BRAIN_SOLIDS, FOSSA_SOLIDS, STEM_SOLIDS } from "#phantoms/head/solids.ts";
import type { Raster } from "#phantoms/image/grid.ts";
import { bandNoise, type Field, lerp, sample3 } from "#phantoms/image/noise.ts";
import { bell, cover, type Plane, ramp } from "#phantoms/image/shape.ts";

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

/** What lies in the cavity at a point: brain, fluid or blood. Notes where solids may be painted. */
function intracranial(
  x: number,
  y: number,
  z: number,
  cavity: number,
  at: number,
  l: Layers,
  palette: Palette,
  head: Head,
): number {
  if (z < 3 && inPosteriorFossa(x, y, z)) {
    l.fossa[at] = 1;
    return cerebellum(x, y, z, cavity, palette);
  }
  const above = z < 12 && (y > 26 || (y > 2 && Math.abs(x) > 17)) ? (z - tentorium(x, y)) * 0.75 : 99;
  const depth = Math.min(l.depth[at] as number, above + 0.4);
  const from = x - (l.push[at] as number);
  const mottle = l.mottle[at] as number;
  l.cerebral[at] = cover(depth - 1.2, 1);
  const midline = midlineDistance(from, y, z);
  const p = { y, z, depth, fold: l.fold[at] as number, reach: l.reach[at] as number, mottle, midline, blur: l.blur };
  let value = cerebrum(p, palette, head.brain);
  if (midline < 6) value = membranes(value, midline, y, z, cavity, palette);
  if (z < 4 && y > 10) {
    const tent = cover(0.8 - Math.abs(z - tentorium(x, y)) * 0.85, 0.9) * ramp(12, 20, y);
    value = lerp(value, palette.dura, 0.8 * tent);
  }
  const clot = l.clot[at] as number;
  if (clot <= 0.4) return value;
  const layered = palette.blood * (1 + 0.04 * mottle + 0.0011 * y);
  return lerp(value, layered, cover(1.1 - depth, 1) * ramp(0.4, 2, clot));
}

/** The falx between the hemispheres and the sagittal sinus along its upper edge. */
function membranes(value: number, midline: number, y: number, z: number, cavity: number, palette: Palette): number {
  const falx = cover(0.55 - midline, 0.9) * ramp(46, 40, cavity) * ramp(-14, -6, z);
  const seen = Math.max(ramp(-44, -50, y), ramp(38, 44, y), ramp(38, 46, z));
  const sinus = cover(4.6 - midline * 1.1 - cavity * 0.75, 1.2) * Math.max(ramp(20, 50, y), ramp(40, 62, z));
  return lerp(lerp(value, palette.dura, 0.8 * falx * seen), palette.sinusBlood, sinus);
}

function point(x: number, y: number, z: number, at: number, l: Layers, palette: Palette, head: Head): number {
  const skin = l.skin[at] as number;
  if (skin < -1) return palette.air;
  const vault = l.vault[at] as number;
  const thickness = l.thickness[at] as number;
  const base = l.base[at] as number;
  const cavity = Math.min(vault - thickness, base);
  let value = palette.air;
  if (cavity < 1.2) {
    value = lerp(palette.air, softTissue(skin, x, y, z, Math.abs(vault), palette), cover(skin, 1.1));
    const wall = cover(vault, 0.9) * cover(thickness - vault + 0.6, 1) * (l.present[at] as number);
    if (wall > 0) value = lerp(value, bone(x, y, z, vault, thickness, palette), wall);
    if (base < 1.2 && vault > 1) value = lerp(value, ...skullBase(x, y, base, vault, palette));
  }
  if (cavity <= -0.6) return value;
  return lerp(value, intracranial(x, y, z, cavity, at, l, palette, head), cover(cavity, 1));
}

/** Bone below the brain: a plate, and a thick body in the middle. Its value and how much of the pixel it fills. */
function skullBase(
  x: number,
  y: number,
  base: number,
  vault: number,
  palette: Palette,
): [value: number, share: number] {
  const thick = 3.2 + 11 * bell(x, 0, 13) * bell(y, -12, 20);
  const inner = ramp(1.4, 2.8, -base) * ramp(thick - 1.2, thick - 2.6, -base);
  return [lerp(palette.cortical, palette.marrow, 0.3 + 0.6 * inner), cover(base + thick, 1) * cover(vault - 1, 2)];
}

/**
 * One picture of a head, without noise: a value of the palette, mixed at boundaries, for each pixel, row by row. The
 * array is used again for the next picture of the same size.
 */
export function headSlice(plane: Plane, palette: Palette, head: Head): Raster {
  cells ??= bandNoise("cells", 3, 64, 1.1, 2.6);
  const whole = pictureFor(plane.columns * plane.rows).fill(palette.air);
  const box = headBox(plane);
  if (box === undefined) return whole;
  const part = drawn(box.plane, palette, head);
  const { columns, rows } = box.plane;
  for (let j = 0; j < rows; j++) {
    whole.set(part.subarray(j * columns, (j + 1) * columns), (box.row + j) * plane.columns + box.column);
  }
  return whole;
}

function drawn(plane: Plane, palette: Palette, head: Head): Raster {
  const { origin, right, down, spacing, columns, rows } = plane;
  const layers = layersOf(plane, head);
  const values = layers.values;
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const at = j * columns + i;
      const x = origin[0] + (right[0] * i + down[0] * j) * spacing;
      const y = origin[1] + (right[1] * i + down[1] * j) * spacing;
      const z = origin[2] + (right[2] * i + down[2] * j) * spacing;
      values[at] = point(x, y, z, at, layers, palette, head);
    }
  }
  paint(values, plane, FOSSA_SOLIDS, palette, undefined, layers.fossa);
  paint(values, plane, BRAIN_SOLIDS, palette, head.bleed ? layers.push : undefined, layers.cerebral);
  for (let i = 0; i < values.length; i++) {
    layers.fossa[i] = Math.max(layers.fossa[i] as number, layers.cerebral[i] as number);
  }
  paint(values, plane, STEM_SOLIDS, palette, undefined, layers.fossa);
  paint(values, plane, BASE_SOLIDS, palette);
  return values;
}
