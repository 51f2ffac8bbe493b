import { bell, clamp, cover, interpolate, ramp } from "#phantoms/image/shape.ts";

/**
 * The bones' outer form, in millimetres: x to the patient's left, y backwards, z upwards; the origin lies in the middle of
 * the third ventricle. Everything is a function of place, so that any plane can be cut through it.
 */
const LOWEST = -72;
const STEP = 0.25;
const COUNT = 720;

/** A quantity along z, smoothed over a few millimetres, with its slope. */
class Profile {
  readonly #values = new Float32Array(COUNT);
  readonly #slopes = new Float32Array(COUNT);

  constructor(at: (z: number) => number, window = 14) {
    const raw = Array.from({ length: COUNT }, (_, i) => at(LOWEST + i * STEP));
    for (let i = 0; i < COUNT; i++) {
      let sum = 0;
      for (let k = -window; k <= window; k++) sum += raw[clamp(i + k, 0, COUNT - 1)] as number;
      this.#values[i] = sum / (2 * window + 1);
    }
    for (let i = 1; i < COUNT - 1; i++) {
      this.#slopes[i] = ((this.#values[i + 1] as number) - (this.#values[i - 1] as number)) / (2 * STEP);
    }
  }

  value(index: number): number {
    return this.#values[index] as number;
  }

  slope(index: number): number {
    return this.#slopes[index] as number;
  }
}

const indexOf = (z: number): number => clamp(Math.round((z - LOWEST) / STEP), 0, COUNT - 1);

/** From the widest level upwards the vault closes like an ellipsoid; the top lies 86 mm above the origin. */
const dome = (z: number): number => (z <= 0 ? 1 : Math.max(0.02, 1 - Math.min(1, z / 86) ** 2.25) ** 0.46);

const halfWidth = new Profile(
  (z) =>
    dome(z) *
    interpolate(
      [
        [-72, 58],
        [-55, 65],
        [-38, 70],
        [-20, 74],
        [0, 76],
      ],
      z,
    ),
  3,
);
const front = new Profile(
  (z) =>
    dome(z) *
    interpolate(
      [
        [-72, 80],
        [-40, 84],
        [-20, 90],
        [0, 93],
        [40, 90],
        [86, 84],
      ],
      z,
    ),
  3,
);
const back = new Profile(
  (z) =>
    dome(z) *
    interpolate(
      [
        [-72, 58],
        [-55, 70],
        [-40, 79],
        [-20, 88],
        [0, 92],
        [86, 90],
      ],
      z,
    ),
  3,
);
const middle = new Profile((z) =>
  interpolate(
    [
      [0, 0],
      [40, 3],
      [86, 12],
    ],
    z,
  ),
);

/**
 * Depth below the outer table of the skull (negative outside), measured across the surface, so that bone looks thicker
 * where a plane cuts it obliquely.
 */
export function vaultDepth(x: number, y: number, z: number): number {
  const i = indexOf(z);
  const yy = y - middle.value(i);
  const length = yy < 0 ? front : back;
  const lengthHere = length.value(i);
  // Broader across the parietal bones than across the forehead.
  const width = halfWidth.value(i) * (1 + 0.0011 * yy - 0.0000068 * yy * yy);
  const u = x / width;
  const v = yy / lengthHere;
  const uu = u * u;
  const vv = v * v;
  const level = Math.sqrt(Math.max(1e-6, uu + vv - 0.16 * Math.min(1, uu * vv)));
  const du = u / width;
  const dv = v / lengthHere;
  const dz = (uu * halfWidth.slope(i)) / halfWidth.value(i) + (vv * length.slope(i)) / lengthHere;
  const slant = level > 1 ? Math.max(0, 1 - (level - 1) * 2.5) : 1; // far outside only the way across counts
  return ((1 - level) * level) / Math.sqrt(du * du + dv * dv + slant * dz * dz + 1e-9);
}

/** Thickness of the skull by place: thin temples, thick forehead and occiput. */
export function vaultThickness(x: number, y: number, z: number): number {
  const temple = ramp(40, 62, Math.abs(x)) * ramp(34, 4, z) * ramp(40, -10, y);
  const occiput = ramp(62, 88, y) * ramp(28, 10, Math.abs(x)) * ramp(30, -5, z);
  const forehead = ramp(-62, -84, y) * ramp(40, 10, Math.abs(x));
  return 6.4 - 2.6 * temple + 3.4 * occiput + 1.4 * forehead + 0.7 * Math.sin(x * 0.07 + z * 0.05) * Math.sin(y * 0.06);
}

const FLOOR_HALF_X = 90;
const FLOOR_HALF_Y = 110;

/** The height of the skull base's upper face over (x, y): the steps of the anterior, middle and posterior fossa. */
function baseHeight(x: number, y: number): number {
  const side = Math.abs(x);
  const roof = 9 * bell(side, 32, 15) * bell(y, -66, 20);
  const anterior = -17.5 + roof - 1 * bell(side, 0, 7) + 0.4 * Math.sin(x * 0.31 + y * 0.11) * Math.sin(y * 0.27);
  const middleFossa = Math.min(-21, -45 + 0.017 * (side - 42) ** 2 + 0.013 * (y + 12) ** 2);
  const posterior =
    -61 + 0.0075 * (side * side + (y - 42) ** 2) - 10 * Math.exp(-((side / 15) ** 2) - ((y - 30) / 15) ** 2);
  // The petrous ridge runs from the clivus outwards and backwards.
  const ridgeY = -2 + 0.42 * side;
  const ridge = -27 + 0.05 * side - 0.055 * (y - ridgeY) ** 2;
  const wing = -30 - 0.012 * (side - 12) ** 2 + 0.00009 * (side - 12) ** 3; // bowed around the temporal pole
  const front = ramp(wing + 5, wing - 5, y);
  const rear = ramp(ridgeY - 3, ridgeY + 3, y);
  const behind = middleFossa * (1 - rear) + posterior * rear;
  return Math.max(anterior * front + behind * (1 - front), front > 0.5 ? -99 : ridge - 60 * ramp(14, 6, side));
}

const FLOOR_WIDTH = 2 * FLOOR_HALF_X + 1;
const FLOOR_HEIGHT = 2 * FLOOR_HALF_Y + 1;
let floorTable: { height: Float32Array; scale: Float32Array } | undefined;

function buildFloor(): { height: Float32Array; scale: Float32Array } {
  const height = new Float32Array(FLOOR_WIDTH * FLOOR_HEIGHT);
  const scale = new Float32Array(height.length);
  for (let j = 0; j < FLOOR_HEIGHT; j++) {
    for (let i = 0; i < FLOOR_WIDTH; i++) {
      const x = i - FLOOR_HALF_X;
      const y = j - FLOOR_HALF_Y;
      const slopeX = (baseHeight(x + 1, y) - baseHeight(x - 1, y)) / 2;
      const slopeY = (baseHeight(x, y + 1) - baseHeight(x, y - 1)) / 2;
      height[j * FLOOR_WIDTH + i] = baseHeight(x, y);
      scale[j * FLOOR_WIDTH + i] = 1 / Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
    }
  }
  return { height, scale };
}

/** How far (x, y, z) lies above the skull base, about perpendicular to it; negative below. */
export function aboveBase(x: number, y: number, z: number): number {
  floorTable ??= buildFloor();
  const gx = clamp(x + FLOOR_HALF_X, 0, FLOOR_WIDTH - 1.001);
  const gy = clamp(y + FLOOR_HALF_Y, 0, FLOOR_HEIGHT - 1.001);
  const i = Math.floor(gx);
  const j = Math.floor(gy);
  const tx = gx - i;
  const ty = gy - j;
  const at = j * FLOOR_WIDTH + i;
  const h = floorTable.height;
  const top = (h[at] as number) * (1 - tx) + (h[at + 1] as number) * tx;
  const low = (h[at + FLOOR_WIDTH] as number) * (1 - tx) + (h[at + FLOOR_WIDTH + 1] as number) * tx;
  return (z - (top * (1 - ty) + low * ty)) * (floorTable.scale[at] as number);
}

const faceWidth = new Profile((z) =>
  interpolate(
    [
      [-72, 62],
      [-50, 68],
      [-35, 68],
      [-22, 66],
      [-12, 55],
      [-6, 40],
    ],
    z,
  ),
);
const faceFront = new Profile((z) =>
  interpolate(
    [
      [-72, 58],
      [-50, 61],
      [-36, 59],
      [-26, 58],
      [-16, 55],
      [-6, 40],
    ],
    z,
  ),
);
const nose = new Profile((z) =>
  interpolate(
    [
      [-72, 16],
      [-62, 22],
      [-50, 17],
      [-38, 9],
      [-28, 3],
      [-18, 0],
    ],
    z,
  ),
);
const neck = new Profile((z) =>
  interpolate(
    [
      [-72, 66],
      [-55, 58],
      [-40, 40],
      [-28, 15],
    ],
    z,
  ),
);

/** Depth below the skin (negative in the air): scalp over the vault, face before it, neck behind it. */
export function skinDepth(x: number, y: number, z: number, vault: number): number {
  const temporalis = 7 * ramp(48, 62, Math.abs(x)) * ramp(24, -20, z) * ramp(30, -15, y) * ramp(-75, -50, y);
  let depth = vault + 5.6 + temporalis + (z < -20 ? ramp(-20, -60, z) * 3 : 0);
  if (z > -5) return depth;
  const i = indexOf(z);
  const width = faceWidth.value(i);
  const reach = faceFront.value(i) + nose.value(i) * Math.exp(-((x / (7 + nose.value(i) * 0.32)) ** 2));
  const fu = x / width;
  const fv = (y + 36) / reach;
  const level = Math.sqrt(fu * fu + fv * fv - 0.3 * fu * fu * fv * fv + 1e-6);
  if (y < -10) depth = Math.max(depth, (1 - level) * Math.min(width, reach));
  const half = neck.value(i);
  const nu = x / half;
  const nv = (y - 26) / (half * 0.95);
  return Math.max(depth, (1 - Math.sqrt(nu * nu + nv * nv)) * half * 0.95);
}

/** 1 where the vault's wall is bone, 0 where the orbits and the face open below the forehead. */
export function wallPresence(x: number, y: number, z: number): number {
  const open = ramp(-14, -19, z) * ramp(-30, -44, y) * ramp(64, 56, Math.abs(x));
  const under = ramp(-50, -58, z) * ramp(10, -10, y);
  return (1 - open) * (1 - under) * cover(z + 70, 4);
}
