import { bell, curve, ramp } from "#phantoms/image/shape.ts";

/**
 * A chest from in front, in millimetres: x to the patient's left (the right of the picture), y downwards, the origin in
 * the middle of the film. Lengths along the beam are millimetres of water that would weaken it as much.
 */
export type Chest = {
  readonly label: string;
  /** 1 is an adult of average build. */
  readonly size: number;
  readonly breasts: number;
  /** A patch of consolidated lung: centre, radius and how dense. */
  readonly opacity?: { readonly x: number; readonly y: number; readonly radius: number; readonly density: number };
  /** Fluid in the right pleural space: how far it fills the sulcus, in millimetres. */
  readonly effusion?: number;
};

/** The dome of the diaphragm on the given side (-1 right, 1 left). */
function domeAt(x: number, side: -1 | 1): number {
  const top = side < 0 ? 72 : 84;
  const u = (Math.abs(x) - 62) / 78;
  return top + 42 * u * u + (u > 0 ? 16 * u ** 4 : 0);
}

/** The inner wall of the chest, outwards of the middle. */
export const wallAt = curve(
  [
    [-190, -30],
    [-181, 18],
    [-177, 44],
    [-170, 60],
    [-160, 73],
    [-140, 88],
    [-110, 104],
    [-70, 118],
    [-20, 129],
    [40, 137],
    [90, 141],
    [150, 140],
  ],
  14,
);

const rightMiddle = curve(
  [
    [-190, 22],
    [-120, 25],
    [-60, 24],
    [-30, 27],
    [0, 37],
    [40, 45],
    [80, 40],
    [130, 34],
  ],
  24,
);
const leftMiddle = curve(
  [
    [-190, 20],
    [-120, 22],
    [-92, 26],
    [-74, 41],
    [-62, 40],
    [-50, 33],
    [-36, 38],
    [-20, 44],
    [20, 74],
    [50, 94],
    [72, 101],
    [100, 92],
    [130, 70],
  ],
  16,
);

/** The shadow of mediastinum and heart: how far it reaches to the given side. */
const middleAt = (y: number, side: -1 | 1): number => (side < 0 ? rightMiddle(y) : leftMiddle(y));

/** Depth of lung along the beam; sharp at the wall and the diaphragm, with some lung hidden behind the dome. */
export function lungAt(x: number, y: number): number {
  const side = x < 0 ? -1 : 1;
  const across = Math.abs(x);
  const wall = wallAt(y) - across;
  if (wall <= 0) return 0;
  const inner = across - 8;
  const shell = Math.sqrt(1 - (1 - Math.min(1, wall / 62)) ** 2);
  const medial = ramp(-10, 34, inner);
  const below = y - domeAt(x, side);
  const behind = below > -0.4 ? 0.3 * Math.sqrt(Math.max(0, 1 - (below / 44) ** 2)) * ramp(20, 60, across) : 1;
  const edge = ramp(-0.7, 0.7, below);
  return 168 * shell * medial * (1 - edge + edge * behind) * (0.82 + 0.18 * ramp(-170, -60, y));
}

/** Depth of the heart and the great vessels that displaces lung. */
export function heartAt(x: number, y: number): number {
  const side = x < 0 ? -1 : 1;
  const edge = middleAt(y, side) - Math.abs(x);
  if (edge <= 0) return 0;
  const heart = ramp(-40, 10, y) * ramp(170, 100, y);
  const t = 1 - Math.min(1, edge / (22 + 40 * heart));
  const fade = ramp(16, -2, y - domeAt(x, side));
  return (62 + 48 * heart) * Math.sqrt(1 - t * t) * fade;
}

const outline = curve(
  [
    [-215, 50],
    [-196, 60],
    [-182, 92],
    [-166, 172],
    [-120, 190],
    [-60, 178],
    [20, 169],
    [210, 165],
  ],
  16,
);
const thickness = curve(
  [
    [-215, 118],
    [-180, 130],
    [-120, 176],
    [-20, 214],
    [120, 226],
    [210, 232],
  ],
  30,
);

/** Thickness of the trunk, shoulders and neck. */
export function bodyAt(x: number, y: number, chest: Chest): number {
  const across = Math.abs(x);
  const outer = outline(y);
  const u = Math.min(1, across / outer);
  const thick = thickness(y);
  const trunk = across >= outer ? 0 : thick * Math.sqrt(1 - u * u * u);
  const breast = chest.breasts * 30 * Math.sqrt(Math.max(0, 1 - ((across - 78) / 64) ** 2 - ((y - 44) / 66) ** 2));
  return trunk + breast;
}

/** Air in the windpipe and the two main bronchi, and in the stomach below the left dome. */
export function airAt(x: number, y: number): number {
  const trachea = 27 * Math.sqrt(Math.max(0, 1 - ((x + 1.5) / 8.6) ** 2)) * ramp(-44, -56, y);
  const right = 12 * bell(x + 4 + (y + 52) * 0.62, 0, 6) * ramp(-58, -50, y) * ramp(-16, -28, y);
  const left = 11 * bell(x - 4 - (y + 52) * 1.25, 0, 7.5) * ramp(-58, -50, y) * ramp(-22, -32, y);
  const bubble = 46 * Math.sqrt(Math.max(0, 1 - ((x - 72) / 34) ** 2 - ((y - 116) / 15) ** 2));
  return trachea + right + left + bubble;
}
