import { wallAt } from "#phantoms/chest/thorax.ts";
import { type Field, sample2 } from "#phantoms/image/noise.ts";
import { bell, cover, ramp } from "#phantoms/image/shape.ts";
import { fill, hollowTube, type Knot, type Sheet, solidTube, stroke } from "#phantoms/image/stroke.ts";

/** One rib as it falls on the film: an arc from the spine backwards, around the side, and forwards and down. */
function ribKnots(index: number, side: -1 | 1, from: number, to: number): Knot[] {
  const start = -172 + 25.4 * index - 0.35 * index * index;
  const reach = wallAt(start + 26 + 2.4 * index) + 3.5;
  const depth = 52 + 4.8 * Math.min(index, 8);
  const fall = index === 0 ? 0.34 : 0.4 + 0.012 * index;
  const knots: Knot[] = [];
  for (let step = 0; step <= 26; step++) {
    const angle = from + ((to - from) * step) / 26;
    const out = Math.sin(angle);
    const ahead = 1 - Math.cos(angle);
    const x = 15 + (reach - 15) * out ** 0.86;
    const y = start - 7 * Math.sin(Math.min(angle * 1.9, Math.PI)) + fall * depth * ahead;
    const sideways = Math.abs(Math.cos(angle)) + 0.34;
    const r = (angle < 1.6 ? 5.4 : 6.2) * (1 - 0.2 * bell(angle, 0, 0.5));
    knots.push({ x: side * x, y, r, gain: Math.min(1.75, 1 / sideways) * (angle < 1.6 ? 15 : 12) * ribFade(angle) });
  }
  return knots;
}

/** Where the two strokes of a rib meet at the side they must not add up. */
const ribFade = (angle: number): number => 1 - 0.5 * bell(angle, Math.PI / 2, 0.16);

export function ribs(sheet: Sheet): void {
  // Towards its cartilage the bone fades.
  const fade = (x: number): number => ramp(20, 50, Math.abs(x));
  for (const side of [-1, 1] as const) {
    for (let index = 0; index < 11; index++) {
      const end = index === 0 ? 2.6 : index > 8 ? 1.8 : 2.4 - 0.03 * index;
      stroke(sheet, ribKnots(index, side, 0.06, Math.PI / 2), hollowTube);
      if (index < 10) stroke(sheet, ribKnots(index, side, Math.PI / 2 + 0.04, end), hollowTube, { strength: fade });
    }
  }
}

/** Vertebrae with discs between, pedicles and spinous processes. */
export function spine(sheet: Sheet, grain: Field): void {
  fill(sheet, (x, y, was) => {
    if (Math.abs(x) > 34) return was;
    const place = y + 232;
    const height = 20.5 + place * 0.016;
    const number = Math.floor(place / height);
    const within = place / height - number - 0.5;
    const half = 12.6 + number * 0.34 - 1.9 * (1 - (2 * within) ** 2);
    const body = cover(half - Math.abs(x), 1.4) * cover((0.43 - Math.abs(within)) * height, 1.6);
    const rim = body * Math.max(bell(half - Math.abs(x), 0.8, 1.1), bell((0.43 - Math.abs(within)) * height, 0.9, 1.1));
    const px = (Math.abs(x) - half * 0.72) / 3;
    const py = (within + 0.14) * height;
    const pedicle = bell(Math.sqrt(px * px + (py / 4.6) ** 2), 1, 0.42);
    const spinous = bell(x, 0, 1.9) * bell((within - 0.3) * height, 0, 6.5);
    const process =
      cover(30 - Math.abs(x), 3) * bell((within + 0.2) * height, 0, 3.4) * ramp(half - 2, half + 2, Math.abs(x));
    const spongy = 1 + 0.09 * sample2(grain, x * 1.6, y * 1.6);
    return was + ((5 + 0.022 * place) * body + 5 * rim + 4.5 * pedicle + 6 * spinous + 5 * process) * spongy;
  });
}

/** Collar bones, shoulder blades and the heads of the arms. */
export function shoulders(sheet: Sheet, grain: Field): void {
  for (const side of [-1, 1] as const) {
    const clavicle = (t: number): Knot => ({
      x: side * (17 + 142 * t),
      y: -122 - 40 * t - 9 * Math.sin(t * Math.PI * 2),
      r: 6.4 + 2.4 * bell(t, 0, 0.16) + 1.4 * bell(t, 1, 0.3),
      gain: 15 + 5 * bell(t, 0, 0.2),
    });
    stroke(
      sheet,
      Array.from({ length: 25 }, (_, i) => clavicle(i / 24)),
      hollowTube,
    );
    const border = [
      [104, -140],
      [99, -100],
      [100, -60],
      [108, -18],
      [120, 12],
      [134, -10],
      [150, -60],
      [158, -110],
    ] as const;
    stroke(
      sheet,
      border.map(([x, y]) => ({ x: side * x, y, r: 4.4, gain: 7 })),
      solidTube,
    );
    stroke(
      sheet,
      [
        { x: side * 106, y: -128, r: 5, gain: 8 },
        { x: side * 160, y: -162, r: 7.5, gain: 12 },
      ],
      solidTube,
    );
  }
  fill(sheet, (x, y, was) => {
    const across = Math.abs(x);
    if (across < 96 || y > 20) return was;
    const blade =
      cover(across - 102 - 0.002 * (y + 60) ** 2, 3) *
      cover(160 - across - 0.4 * (y + 60), 8) *
      cover(8 - y, 10) *
      cover(y + 138, 5);
    const head = Math.sqrt(((across - 172) / 25) ** 2 + ((y + 150) / 27) ** 2);
    const bone = 34 * Math.sqrt(Math.max(0, 1 - head * head)) + 9 * bell(head, 0.98, 0.045);
    return was + (3.4 * blade + bone) * (1 + 0.08 * sample2(grain, x * 1.2, y * 1.2));
  });
}
