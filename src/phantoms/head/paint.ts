import type { Palette } from "#phantoms/head/materials.ts";
import type { Solid } from "#phantoms/head/solids.ts";
import { along, cover, dot, type Plane, type Vec } from "#phantoms/image/shape.ts";

/** Displaces x: the place a point of the picture had before anything pushed it. */
export type Shift = Float32Array | undefined;

const mirrored = ([x, y, z]: Vec): Vec => [-x, y, z];

type Body = {
  readonly centre: Vec;
  readonly reach: number;
  readonly depth: (x: number, y: number, z: number) => number;
};

/** A solid's depth below its surface in millimetres (positive inside), and a ball that holds it. */
function bodyOf(solid: Solid, mirror: boolean): Body {
  if (solid.form === "ellipsoid") {
    const [cx, cy, cz] = mirror ? mirrored(solid.centre) : solid.centre;
    const [rx, ry, rz] = solid.radii;
    const angle = ((mirror ? -solid.turn : solid.turn) * Math.PI) / 180;
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const depth = (x: number, y: number, z: number): number => {
      const dx = x - cx;
      const dy = y - cy;
      const u = (dx * cos + dy * sin) / rx;
      const v = (-dx * sin + dy * cos) / ry;
      const w = (z - cz) / rz;
      const level = Math.sqrt(u * u + v * v + w * w) + 1e-6;
      const gradient = Math.sqrt((u * u) / (rx * rx) + (v * v) / (ry * ry) + (w * w) / (rz * rz)) + 1e-6;
      return ((1 - level) * level) / gradient;
    };
    return { centre: [cx, cy, cz], reach: Math.max(rx, ry, rz), depth };
  }
  const from = mirror ? mirrored(solid.from) : solid.from;
  const to = mirror ? mirrored(solid.to) : solid.to;
  const [r0, r1] = solid.radius;
  const axis: Vec = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const length2 = dot(axis, axis);
  const depth = (x: number, y: number, z: number): number => {
    const dx = x - from[0];
    const dy = y - from[1];
    const dz = z - from[2];
    let t = (dx * axis[0] + dy * axis[1] + dz * axis[2]) / length2;
    t = Math.max(0, Math.min(1, t));
    const ex = dx - axis[0] * t;
    const ey = dy - axis[1] * t;
    const ez = dz - axis[2] * t;
    return r0 + (r1 - r0) * t - Math.sqrt(ex * ex + ey * ey + ez * ez);
  };
  return { centre: along(from, axis, 0.5), reach: Math.sqrt(length2) / 2 + Math.max(r0, r1), depth };
}

function paintOne(
  values: Float32Array,
  plane: Plane,
  solid: Solid,
  { centre, reach, depth }: Body,
  value: number,
  shift: Shift,
  room: Float32Array | undefined,
): void {
  const { origin, right, down, spacing, columns, rows } = plane;
  const rel: Vec = [centre[0] - origin[0], centre[1] - origin[1], centre[2] - origin[2]];
  const column = dot(rel, right) / spacing;
  const row = dot(rel, down) / spacing;
  const away2 = dot(rel, rel) - (column * column + row * row) * spacing * spacing;
  const extent = reach + solid.blur;
  if (away2 > extent * extent + (shift ? 30 : 0)) return;
  const radius = extent / spacing;
  const slide = shift ? 16 / spacing : 0;
  const i0 = Math.max(0, Math.floor(column - radius - slide));
  const i1 = Math.min(columns - 1, Math.ceil(column + radius + slide));
  const j0 = Math.max(0, Math.floor(row - radius));
  const j1 = Math.min(rows - 1, Math.ceil(row + radius));
  for (let j = j0; j <= j1; j++) {
    for (let i = i0; i <= i1; i++) {
      const at = j * columns + i;
      const x = origin[0] + (right[0] * i + down[0] * j) * spacing - (shift ? (shift[at] as number) : 0);
      const y = origin[1] + (right[1] * i + down[1] * j) * spacing;
      const z = origin[2] + (right[2] * i + down[2] * j) * spacing;
      let share = cover(depth(x, y, z), solid.blur) * solid.opacity;
      if (share === 0) continue;
      if (room) share *= room[at] as number;
      values[at] = (values[at] as number) + (value - (values[at] as number)) * share;
    }
  }
}

const bodies = new WeakMap<Solid, Body[]>();

function bodiesOf(solid: Solid): Body[] {
  const known = bodies.get(solid) ?? [false, ...(solid.both ? [true] : [])].map((mirror) => bodyOf(solid, mirror));
  bodies.set(solid, known);
  return known;
}

/** Paints the solids over a picture, in their order; `room` says how much of each pixel may be painted. */
export function paint(
  values: Float32Array,
  plane: Plane,
  solids: readonly Solid[],
  palette: Palette,
  shift?: Shift,
  room?: Float32Array,
): void {
  for (const solid of solids) {
    for (const body of bodiesOf(solid)) paintOne(values, plane, solid, body, palette[solid.material], shift, room);
  }
}
