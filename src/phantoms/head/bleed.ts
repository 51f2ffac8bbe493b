import type { Brain } from "#phantoms/head/cortex.ts";
import { bell, clamp } from "#phantoms/image/shape.ts";

/** A crescent of blood over the right convexity: its greatest thickness and how far it pushes the midline, in millimetres. */
export type Bleed = { readonly thickness: number; readonly shift: number };

/** What makes one head differ from another. */
export type Head = { readonly brain: Brain; readonly bleed?: Bleed };

/** Thickness of the crescent under a point of the right inner table. */
export function thicknessAt(bleed: Bleed, x: number, y: number, z: number): number {
  if (x > 0) return 0;
  const angle = Math.atan2(y - 2, -x) / 1.2;
  const height = (z - 24) / 50;
  const rim = 1 - angle * angle - height * height;
  return rim <= 0 ? 0 : bleed.thickness * Math.min(1, rim * 1.18) ** 0.8;
}

/** How far the tissue at a point was pushed to the left, given its depth below the inner table. */
export function pushedBy(bleed: Bleed, x: number, y: number, z: number, depth: number): number {
  const midline = bleed.shift * bell(y, -4, 62) * bell(z, 18, 46);
  if (x >= 0) return midline * clamp(1 - x / 72, 0, 1) ** 1.6;
  const wall = thicknessAt(bleed, x, y, z);
  const nearness = clamp(1 - Math.max(0, depth) / 66, 0, 1);
  return midline + Math.max(0, wall - midline) * nearness ** 1.5 - midline * nearness ** 3 * (wall > 0 ? 0 : 1);
}
