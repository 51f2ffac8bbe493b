import { type Chest, heartAt, lungAt } from "#phantoms/chest/thorax.ts";
import { randomOf } from "#phantoms/image/random.ts";
import { ramp } from "#phantoms/image/shape.ts";
import { fill, type Knot, type Sheet, solidTube, stroke } from "#phantoms/image/stroke.ts";

type Twig = { x: number; y: number; angle: number; r: number };

/** The vessels of both lungs: trees that start at the hila and grow thinner and paler outwards. */
export function vessels(sheet: Sheet, chest: Chest): void {
  const random = randomOf(`${chest.label}/vessels`);
  const tree: Sheet = { ...sheet, values: new Float32Array(sheet.values.length) };
  for (const side of [-1, 1] as const) {
    const hilum = { x: side * (side < 0 ? 36 : 39), y: side < 0 ? -18 : -27 };
    const pending: Twig[] = [];
    for (const [angle, r] of [
      [-1.25, 4.2],
      [-0.75, 3.8],
      [-0.2, 4],
      [0.35, 4.6],
      [0.85, 5.4],
      [1.25, 5.8],
      [1.5, 4.6],
    ] as const) {
      pending.push({
        ...hilum,
        y: hilum.y + 9 * Math.sin(angle),
        angle: angle + random.between(-0.12, 0.12),
        r: r * 0.68,
      });
    }
    while (pending.length > 0) {
      const twig = pending.pop() as Twig;
      const end = grow(tree, twig, side, random.between(-0.22, 0.22));
      if (end === undefined || twig.r < 0.36) continue;
      const spread = random.between(0.24, 0.5);
      const even = random.between(0.66, 0.86);
      pending.push({ ...end, angle: twig.angle + spread * random.between(0.3, 0.9), r: twig.r * even });
      pending.push({ ...end, angle: twig.angle - spread, r: twig.r * (1.46 - even) });
    }
  }
  fill(sheet, (x, y, was, at) => {
    const vessel = tree.values[at] as number;
    return vessel === 0 ? was : was + vessel * ramp(10, 70, lungAt(x, y) - heartAt(x, y));
  });
}

/** Draws one twig; where it ends, or undefined where it left the lung. */
function grow(sheet: Sheet, twig: Twig, side: -1 | 1, bend: number): { x: number; y: number } | undefined {
  const length = 8 + 5.2 * twig.r;
  const knots: Knot[] = [];
  let { x, y, angle } = twig;
  for (let step = 0; step <= 4; step++) {
    knots.push({ x, y, r: twig.r * (1 - 0.05 * step), gain: 3.2 * twig.r });
    angle += bend / 4;
    x += (side * Math.cos(angle) * length) / 4;
    y += (Math.sin(angle) * length) / 4;
  }
  if (lungAt(x, y) < 8) return undefined;
  stroke(sheet, knots, solidTube, { keep: "greater" });
  return { x, y };
}
