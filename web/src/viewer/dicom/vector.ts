/** Vectors of patient space in millimetres, x to the patient's left, y to the back, z to the head (PS3.3 §C.7.6.2). */
export type Vec3 = readonly [number, number, number];

export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const minus = (a: Vec3): Vec3 => [-a[0], -a[1], -a[2]];
export const length = (a: Vec3): number => Math.sqrt(dot(a, a));
export function unit(a: Vec3): Vec3 {
  const size = length(a);
  return size === 0 ? a : [a[0] / size, a[1] / size, a[2] / size];
}

/** The three numbers as a vector, or nothing when there are not three. */
export function vec3(values: readonly number[], at = 0): Vec3 | undefined {
  const [x, y, z] = values.slice(at, at + 3);
  return x === undefined || y === undefined || z === undefined ? undefined : [x, y, z];
}
