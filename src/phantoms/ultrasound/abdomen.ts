import { bell, clamp, cover, ramp } from "#phantoms/image/shape.ts";

/** What the probe sees: liver, kidney, gallbladder, diaphragm and the portal vein, in centimetres. */
type Ellipse = {
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
  readonly turn: number;
};

const KIDNEY: Ellipse = { x: 2.6, y: 9.4, a: 4.3, b: 2.05, turn: 0.42 };
const GALLBLADDER: Ellipse = { x: -2.9, y: 6.3, a: 2.3, b: 1.0, turn: -0.5 };
const VEIN: Ellipse = { x: 0.1, y: 5.1, a: 3.4, b: 0.52, turn: 0.2 };

/** 0 in the middle, 1 at the rim. */
function levelIn({ x, y, a, b, turn }: Ellipse, px: number, py: number): number {
  const dx = px - x;
  const dy = py - y;
  const u = (dx * Math.cos(turn) + dy * Math.sin(turn)) / a;
  const v = (-dx * Math.sin(turn) + dy * Math.cos(turn)) / b;
  return Math.sqrt(u * u + v * v);
}

/** How strongly tissue scatters at a place, in decibels above the liver; `noise` roughens the borders. */
export function echoAt(x: number, y: number, noise: number): number {
  let echo = 0.8 * noise;
  if (y < 1.9) {
    echo =
      3 * Math.sin(y * 9.5 + 0.5 * noise) +
      5 * bell(y, 0.1, 0.2) +
      4 * bell(y, 1.15, 0.1) +
      8 * bell(y, 1.85, 0.08) -
      3;
  }
  const kidney = levelIn(KIDNEY, x, y) + 0.03 * noise;
  if (kidney < 1.12) {
    const sinus = ramp(0.62, 0.42, kidney + 0.1 * noise);
    const pyramids = bell(Math.sin((x - KIDNEY.x) * 2.6), 1, 0.5) * bell(kidney, 0.7, 0.14);
    const inside = -5 + 15 * sinus - 5 * pyramids;
    echo = kidney < 1 ? inside : echo;
    echo += 11 * bell(kidney, 1.02, 0.028);
  }
  const bile = levelIn(GALLBLADDER, x, y) + 0.015 * noise;
  echo -= 46 * cover(1 - bile, 0.1);
  echo += 9 * bell(bile, 1.04, 0.05);
  if (bile >= 1 && Math.abs(x - GALLBLADDER.x - (y - GALLBLADDER.y) * -0.34) < 1.5 && y > GALLBLADDER.y)
    echo += 5 * ramp(12, 8, y);
  const vein = levelIn(VEIN, x, y) + 0.02 * noise;
  echo -= 32 * cover(1 - vein, 0.22);
  echo += 9 * bell(vein, 1.14, 0.12);
  const branch = Math.abs((x + 3) * 0.34 + (y - 3.6) * 0.94) / 0.26;
  if (x < -1.2 && x > -6.5) echo -= 24 * cover(1 - branch, 0.4) * ramp(-1.2, -2, x);
  const diaphragm = Math.sqrt((x + 1.2) ** 2 + (y - 1) ** 2) + 0.02 * noise;
  echo +=
    24 * bell(diaphragm, 12.2, 0.13) * ramp(4.5, 2, x) +
    3 * ramp(12.3, 12.6, diaphragm) -
    10 * ramp(12.8, 13.6, diaphragm);
  const rib = bell(x, 6.6 + y * 0.36, 0.5) * ramp(1.4, 2, y);
  return clamp(echo - 26 * rib, -60, 30);
}

/** Speed of the blood at a place and a phase of the heart's beat (0 to 1), towards the probe; 0 outside the vessel. */
export function flowAt(x: number, y: number, phase: number, noise: number): number {
  const beat =
    0.46 + 0.54 * Math.exp(-(((phase - 0.22) / 0.16) ** 2)) + 0.16 * Math.exp(-(((phase - 0.55) / 0.1) ** 2));
  const vein = levelIn(VEIN, x, y) + 0.05 * noise;
  if (vein < 0.98) return beat * (1 - vein * vein) * (0.86 + 0.14 * noise) * ramp(3.4, 2.2, Math.abs(x));
  const artery = levelIn({ x: 0.5, y: 4.15, a: 2.2, b: 0.19, turn: 0.24 }, x, y);
  if (artery < 1) return -(beat ** 2.2) * 0.9 * (1 - 0.4 * artery);
  return 0;
}
