import { type Head, pushedBy, thicknessAt } from "#phantoms/head/bleed.ts";
import { foldAt, mottleAt, reachAt } from "#phantoms/head/cortex.ts";
import { aboveBase, skinDepth, vaultDepth, vaultThickness, wallPresence } from "#phantoms/head/vault.ts";
import { coarse, expand, type Raster } from "#phantoms/image/grid.ts";
import { along, type Plane } from "#phantoms/image/shape.ts";

/** What is known of every pixel before it is given a value; lengths in millimetres. */
const LAYERS = [
  "vault",
  "thickness",
  "skin",
  "base",
  "present",
  "depth",
  "push",
  "clot",
  "fold",
  "mottle",
  "reach",
  "cerebral",
  "fossa",
  "values",
] as const;
type Rasters = { readonly [name in (typeof LAYERS)[number]]: Raster };
export type Layers = Rasters & { readonly blur: number };

let scratch: { count: number; layers: Rasters } | undefined;
let picture = new Float32Array(0);

/** Room for the layers of a picture of `count` pixels, the same each time. */
function roomFor(count: number): Rasters {
  if (scratch === undefined || scratch.count < count) {
    const layers = Object.fromEntries(LAYERS.map((name) => [name, new Float32Array(count)])) as Rasters;
    scratch = { count, layers };
  }
  const { layers } = scratch;
  const room = Object.fromEntries(LAYERS.map((name) => [name, layers[name].subarray(0, count)])) as Rasters;
  room.cerebral.fill(0);
  room.fossa.fill(0);
  return room;
}

/** Room for a whole picture, the same each time. */
export function pictureFor(count: number): Raster {
  if (picture.length !== count) picture = new Float32Array(count);
  return picture;
}

const stepsOf = (spacing: number): { wide: number; fine: number } => ({
  wide: Math.max(1, Math.round(1.9 / spacing)),
  fine: Math.max(1, Math.round(0.95 / spacing)),
});

/** The part of a plane that holds anything of a head; undefined where nothing does. */
export function headBox(plane: Plane): { plane: Plane; column: number; row: number } | undefined {
  const { wide } = stepsOf(plane.spacing);
  const width = Math.ceil((plane.columns - 1) / wide) + 1;
  let [left, right, top, low] = [width, -1, plane.rows, -1];
  coarse(plane, wide, (x, y, z, index) => {
    if (skinDepth(x, y, z, vaultDepth(x, y, z)) < -4) return 0;
    const i = index % width;
    const j = (index - i) / width;
    left = Math.min(left, i);
    right = Math.max(right, i);
    top = Math.min(top, j);
    low = Math.max(low, j);
    return 1;
  });
  if (right < 0) return undefined;
  // A margin for what stands out, such as the auricles.
  const column = Math.max(0, (left - 5) * wide);
  const row = Math.max(0, (top - 2) * wide);
  const columns = Math.min(plane.columns, (right + 6) * wide) - column;
  const rows = Math.min(plane.rows, (low + 3) * wide) - row;
  const origin = along(along(plane.origin, plane.right, column * plane.spacing), plane.down, row * plane.spacing);
  return { plane: { ...plane, origin, columns, rows }, column, row };
}

/** Works out what varies slowly at every fourth or second pixel, and draws it out over the picture. */
export function layersOf(plane: Plane, head: Head): Layers {
  const { columns, rows, spacing } = plane;
  const { wide, fine } = stepsOf(spacing);
  const full = roomFor(columns * rows);
  const wider = (name: keyof Rasters, at: Parameters<typeof coarse>[2]): Raster => {
    const grid = coarse(plane, wide, at);
    const first = grid[0] as number;
    if (grid.every((value) => value === first)) full[name].fill(first);
    else expand(grid, wide, columns, rows, full[name]);
    return grid;
  };
  const bleed = head.bleed;
  const vault = wider("vault", vaultDepth);
  const thickness = wider("thickness", vaultThickness);
  const base = wider("base", (x, y, z) => (z < 10 ? aboveBase(x, y, z) : 99));
  const cavity = vault.map((v, i) => Math.min(v - (thickness[i] as number), base[i] as number));
  const push = wider("push", (x, y, z, i) => (bleed ? pushedBy(bleed, x, y, z, cavity[i] as number) : 0));
  const inside = (i: number): boolean => (cavity[i] as number) > -4;
  wider("skin", (x, y, z, i) => skinDepth(x, y, z, vault[i] as number));
  wider("present", wallPresence);
  wider("depth", (x, y, z, i) => {
    const here = cavity[i] as number;
    const from = x - (push[i] as number);
    return x < 0 && x > from + 0.3 ? Math.min(here, vaultDepth(from, y, z) - vaultThickness(from, y, z)) : here;
  });
  wider("reach", (x, y, z, i) => (inside(i) ? reachAt(x - (push[i] as number), y, z) : 0));
  wider("mottle", (x, y, z, i) => (inside(i) ? mottleAt(x, y, z) : 0));
  wider("clot", (x, y, z) => (bleed ? thicknessAt(bleed, x, y, z) : 0));
  const fold = coarse(plane, fine, (x, y, z, _, pixel) =>
    (full.depth[pixel] as number) > -3 ? foldAt(x - (full.push[pixel] as number), y, z) : 0,
  );
  expand(fold, fine, columns, rows, full.fold);
  return { ...full, blur: Math.max(1.1, 1.9 * spacing) };
}
