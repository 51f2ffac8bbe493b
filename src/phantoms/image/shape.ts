export type Vec = readonly [number, number, number];

/** Where a picture lies: `origin` is the centre of the first pixel, `right` and `down` are unit vectors; millimetres. */
export type Plane = {
  readonly origin: Vec;
  readonly right: Vec;
  readonly down: Vec;
  readonly spacing: number;
  readonly columns: number;
  readonly rows: number;
};

export const dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const cross = (a: Vec, b: Vec): Vec => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** `p` moved along `direction` by `by`. */
export const along = (p: Vec, direction: Vec, by: number): Vec => [
  p[0] + direction[0] * by,
  p[1] + direction[1] * by,
  p[2] + direction[2] * by,
];

/** A rotation about x, then y, then z, in degrees. */
export function turned(p: Vec, degrees: Vec): Vec {
  const [ax, ay, az] = degrees.map((d) => (d * Math.PI) / 180) as unknown as [number, number, number];
  const [x, y, z] = p;
  const y1 = y * Math.cos(ax) - z * Math.sin(ax);
  const z1 = y * Math.sin(ax) + z * Math.cos(ax);
  const x2 = x * Math.cos(ay) + z1 * Math.sin(ay);
  const z2 = -x * Math.sin(ay) + z1 * Math.cos(ay);
  return [x2 * Math.cos(az) - y1 * Math.sin(az), x2 * Math.sin(az) + y1 * Math.cos(az), z2];
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** 0 below `from`, 1 above `to`, an S between. */
export function ramp(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

/** How much of a pixel lies inside a surface that is `depth` away (positive inside), seen with a blur of `width`. */
export function cover(depth: number, width: number): number {
  const t = depth / width + 0.5;
  return t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t);
}

/** A bell of height 1 about `middle`; nothing beyond three and a half times its width. */
export function bell(value: number, middle: number, width: number): number {
  const t = (value - middle) / width;
  return t * t > 12.25 ? 0 : Math.exp(-t * t);
}

/** The line through (x, y) points in rising x, straight between them, level outside. */
export function interpolate(points: readonly (readonly [number, number])[], x: number): number {
  let before = points[0] as readonly [number, number];
  if (x <= before[0]) return before[1];
  for (const point of points) {
    if (x < point[0]) {
      const t = (x - before[0]) / (point[0] - before[0]);
      return before[1] + (point[1] - before[1]) * t;
    }
    before = point;
  }
  return before[1];
}

/** The line through (x, y) points, rounded over `window`, as a table that is quick to ask. */
export function curve(points: readonly (readonly [number, number])[], window: number): (x: number) => number {
  const low = (points[0] as readonly [number, number])[0];
  const high = (points.at(-1) as readonly [number, number])[0];
  const step = (high - low) / 1023;
  const reach = Math.max(1, Math.round(window / step / 2));
  const table = new Float32Array(1024);
  for (let i = 0; i < 1024; i++) {
    let sum = 0;
    for (let k = -reach; k <= reach; k++) sum += interpolate(points, low + (i + k) * step);
    table[i] = sum / (2 * reach + 1);
  }
  return (x) => table[x <= low ? 0 : x >= high ? 1023 : ((x - low) / step + 0.5) | 0] as number;
}
