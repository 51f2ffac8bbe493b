import { drawText, textWidth } from "#phantoms/image/font.ts";
import { expand, type Raster } from "#phantoms/image/grid.ts";
import { bandNoise, cloudNoise, type Field, sample2 } from "#phantoms/image/noise.ts";
import { randomOf } from "#phantoms/image/random.ts";
import { bell, clamp, cover, curve, ramp } from "#phantoms/image/shape.ts";

/** 12-bit pictures for presentation, 156 × 205 mm. */
export const MAMMOGRAM = { columns: 1560, rows: 2048, spacing: 0.1, bits: 12 } as const;
export const MAMMOGRAM_WINDOW = { center: 1550, width: 2800 } as const;

/** One picture of a breast: `density` from 0 (fat) to 1 (glandular). */
export type Breast = {
  readonly label: string;
  readonly side: "L" | "R";
  readonly view: "CC" | "MLO";
  readonly density: number;
  readonly mass: boolean;
};

type Texture = { readonly cloud: Field; readonly fibre: Field; readonly fine: Field };
let texture: Texture | undefined;

const ccEdge = curve(
  [
    [-102, -20],
    [-87, -2],
    [-85, 18],
    [-70, 56],
    [-48, 80],
    [-22, 94],
    [0, 98],
    [22, 95],
    [48, 83],
    [70, 60],
    [85, 20],
    [87, -2],
    [102, -20],
  ],
  16,
);
const mloEdge = curve(
  [
    [-110, 92],
    [-90, 82],
    [-66, 76],
    [-40, 84],
    [-10, 99],
    [22, 106],
    [46, 98],
    [66, 76],
    [80, 46],
    [88, 22],
    [96, 12],
    [110, 8],
  ],
  22,
);
const pectoral = curve(
  [
    [-110, 66],
    [-80, 54],
    [-40, 38],
    [0, 21],
    [30, 8],
    [48, 0],
    [110, -40],
  ],
  20,
);

/** A point by its distance from the chest wall (x) and its height (y), millimetres: brightness without noise. */
function tissueAt(x: number, y: number, breast: Breast, at: { x: number; y: number }, t: Texture): number {
  const oblique = breast.view === "MLO";
  const edge = oblique ? mloEdge : ccEdge;
  const slope = (edge(y + 2) - edge(y - 2)) / 4;
  const wave = 0.9 * sample2(t.cloud, y * 0.12 + 3, 9);
  const inside = (edge(y) - x) / Math.sqrt(1 + slope * slope) + wave;
  const nippleY = oblique ? 22 : 0;
  const nippleX = edge(nippleY) + 1.5;
  const nipple = 4.6 - Math.sqrt((x - nippleX) ** 2 + (y - nippleY) ** 2);
  const depth = Math.max(inside, nipple);
  if (depth < -0.6) return 90;
  const thick = Math.sqrt(1 - (1 - clamp(depth / 17, 0, 1)) ** 2);
  const rx = x - nippleX;
  const ry = y - nippleY;
  const radius = Math.sqrt(rx * rx + ry * ry) + 1;
  const angle = Math.atan2(ry, -rx);
  const heart = Math.sqrt(((x - 48) / 46) ** 2 + ((y - nippleY * 0.8) / (oblique ? 60 : 54)) ** 2);
  const shape =
    heart +
    0.14 * sample2(t.cloud, x * 0.5 + at.x, y * 0.5 + at.y) +
    0.2 * sample2(t.cloud, x * 0.5 + 31, y * 0.5 + 87);
  const gland = ramp(1.1, 0.25, shape) * ramp(2.5, 11, depth);
  const cloud = sample2(t.cloud, x * 1.5 + at.x, y * 1.5 + at.y);
  const ducts = sample2(t.fibre, radius * 0.55 + at.x, angle * 42 + at.y + 0.25 * cloud);
  const strands = sample2(t.fibre, x * 0.9 + at.y + 2.2 * cloud, y * 0.9 + at.x);
  const septa = bell(strands, 0.3, 0.14) * (0.5 + 0.5 * ramp(-0.6, 0.8, cloud));
  const lobules = ramp(-1.3, 1.7, cloud + 0.55 * ducts + 0.9 * (breast.density - 0.5));
  let value = 760 + 70 * cloud + 120 * septa;
  value += gland * breast.density * (1500 * lobules + 300 * ducts * lobules);
  if (oblique) {
    const muscle = ramp(-1.6, 2.6, pectoral(y) - x + 1.1 * sample2(t.cloud, y * 0.2, 40));
    value += muscle * (820 + 60 * sample2(t.fibre, (x + y * 0.45) * 1.5, (y - x) * 0.2) - value * 0.14);
  }
  if (breast.mass) value += massAt(x, y, oblique, t);
  const skin = bell(depth, 0.9, 0.8) * 260;
  return 90 + (value * thick + skin) * cover(depth, 0.7);
}

/** A small dense lump with spicules, at the same place of the breast in both views. */
function massAt(x: number, y: number, oblique: boolean, t: Texture): number {
  const dx = x - 40;
  const dy = y - (oblique ? -22 : -27);
  const radius = Math.sqrt(dx * dx + dy * dy);
  if (radius > 26) return 0;
  const angle = Math.atan2(dy, dx);
  const border = 5.6 + 0.9 * sample2(t.fibre, angle * 7 + 50, 5);
  const rays =
    ramp(0.2, 1.4, sample2(t.fibre, angle * 9.5 + 11, radius * 0.1)) * ramp(24, 7, radius) * ramp(3, 6, radius);
  return 900 * cover(border - radius, 3) + 420 * rays;
}

/** Vessels that run through the fat, and a few calcifications, painted on the full picture. */
function addSpecks(full: Raster, breast: Breast, mirror: boolean): void {
  const random = randomOf(`${breast.label}/${breast.side}/specks`);
  const { columns, rows, spacing } = MAMMOGRAM;
  const put = (x: number, y: number, r: number, gain: number): void => {
    const cx = (mirror ? columns * spacing - x : x) / spacing;
    const cy = y / spacing + rows / 2;
    const reach = Math.ceil((r * 2) / spacing);
    for (let j = -reach; j <= reach; j++) {
      for (let i = -reach; i <= reach; i++) {
        const at = Math.round(cy + j) * columns + Math.round(cx + i);
        if (at < 0 || at >= full.length) continue;
        full[at] = (full[at] as number) + gain * bell(Math.sqrt(i * i + j * j) * spacing, 0, r);
      }
    }
  };
  const oblique = breast.view === "MLO";
  if (breast.mass)
    for (let n = 0; n < 11; n++)
      put(40 + 5 * random.gauss(), (oblique ? -22 : -27) + 5 * random.gauss(), random.between(0.16, 0.3), 900);
  for (let n = 0; n < 3; n++) put(random.between(20, 70), random.between(-40, 45), random.between(0.4, 0.7), 700);
  for (let vessel = 0; vessel < 3; vessel++) {
    let x = random.between(2, 16);
    let y = random.between(-52, 56);
    let heading = random.between(-0.5, 0.5);
    for (let step = 0; step < 420; step++) {
      put(x, y, 0.62 - step * 0.0008, 34);
      heading += random.between(-0.06, 0.06) - y * 0.0002 - heading * 0.012;
      x += 0.17 * Math.cos(heading);
      y += 0.17 * Math.sin(heading);
      if (x > (oblique ? mloEdge(y) : ccEdge(y)) - 6) break;
    }
  }
}

/** The letters at the edge that lies away from the chest wall. */
function addMarker(full: Raster, breast: Breast, mirror: boolean): void {
  const { columns } = MAMMOGRAM;
  const text = `${breast.side} ${breast.view}`;
  const left = mirror ? 60 : columns - 60 - textWidth(text, 10);
  drawText(full, columns, text, left, 90, 10, 3600);
}

/** A mammogram; the chest wall lies on the right of a right breast's picture and on the left of a left one's. */
export function mammogram(breast: Breast): Uint16Array {
  texture ??= {
    cloud: cloudNoise("breast-cloud", 256, 7, 0.66),
    fibre: bandNoise("breast-fibre", 2, 256, 1.6, 4),
    fine: bandNoise("breast-fine", 2, 512, 0.6, 2.2),
  };
  const t = texture;
  const { columns, rows, spacing } = MAMMOGRAM;
  const mirror = breast.side === "R";
  const random = randomOf(`${breast.label}/${breast.side}/${breast.view}`);
  const at = { x: random.between(0, 250), y: random.between(0, 250) };
  const width = columns / 2 + 1;
  const half = new Float32Array(width * (rows / 2 + 1));
  for (let k = 0; k < half.length; k++) {
    const i = k % width;
    const x = (mirror ? width - 1 - i : i) * 2 * spacing;
    half[k] = tissueAt(x, ((k - i) / width) * 2 * spacing - (rows * spacing) / 2, breast, at, t);
  }
  const full = new Float32Array(columns * rows);
  expand(half, 2, columns, rows, full);
  addSpecks(full, breast, mirror);
  addMarker(full, breast, mirror);
  const stored = new Uint16Array(columns * rows);
  const dx = random.below(512);
  const dy = random.below(512);
  for (let k = 0; k < stored.length; k++) {
    const value = full[k] as number;
    const i = k % columns;
    const speck = t.fine.values[(((k - i) / columns + dy) & 511) * 512 + ((i + dx) & 511)] as number;
    stored[k] = clamp(value + speck * (7 + value * 0.016), 0, 4095) + 0.5;
  }
  return stored;
}
