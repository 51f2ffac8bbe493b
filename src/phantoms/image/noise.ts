import { type Random, randomOf } from "#phantoms/image/random.ts";

/** A square or cube of values with mean 0 and variance 1 that continues on the other side of every edge. */
export type Field = { readonly size: number; readonly values: Float32Array };

function kernelOf(sigma: number): Float32Array {
  const reach = Math.max(1, Math.ceil(sigma * 3));
  const kernel = new Float32Array(2 * reach + 1);
  let sum = 0;
  for (let i = -reach; i <= reach; i++) sum += kernel[i + reach] = Math.exp((-i * i) / (2 * sigma * sigma));
  return kernel.map((k) => k / sum);
}

/** Gaussian blur along one axis of a periodic array; `stride` is the step along that axis, `size` a power of two. */
function blurAxis(from: Float32Array, size: number, stride: number, kernel: Float32Array): Float32Array {
  const to = new Float32Array(from.length);
  const reach = (kernel.length - 1) / 2;
  const line = new Float32Array(size + 2 * reach);
  for (let n = 0; n < from.length / size; n++) {
    const start = Math.floor(n / stride) * stride * size + (n % stride);
    for (let i = -reach; i < size + reach; i++) line[i + reach] = from[start + (i & (size - 1)) * stride] as number;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += (kernel[k] as number) * (line[i + k] as number);
      to[start + i * stride] = sum;
    }
  }
  return to;
}

function blur(from: Float32Array, size: number, axes: number, sigma: number): Float32Array {
  const kernel = kernelOf(sigma);
  let values = from;
  for (let axis = 0; axis < axes; axis++) values = blurAxis(values, size, size ** axis, kernel);
  return values;
}

function normalise(values: Float32Array): Float32Array {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const scale = 1 / Math.sqrt(squares / values.length - mean * mean);
  for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) - mean) * scale;
  return values;
}

function white(random: Random, count: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = random.gauss();
  return values;
}

/**
 * Gaussian noise in two or three dimensions whose detail lies between `fine` and `coarse` (standard deviations of the two
 * blurs, in samples; `coarse` 0 leaves the slow part in). `size` is a power of two.
 */
export function bandNoise(label: string, axes: 2 | 3, size: number, fine: number, coarse: number): Field {
  const raw = white(randomOf(label), size ** axes);
  const values = fine > 0 ? blur(raw, size, axes, fine) : raw;
  if (coarse > 0) {
    const slow = blur(raw, size, axes, coarse);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) - (slow[i] as number);
  }
  return { size, values: normalise(values) };
}

/** Noise with a power spectrum that falls with frequency: octaves of smooth noise, each half as strong as the one before ^ `roughness`. */
export function cloudNoise(label: string, size: number, octaves: number, roughness: number): Field {
  const sum = new Float32Array(size * size);
  for (let octave = 0; octave < octaves; octave++) {
    const cells = Math.min(size, 4 << octave);
    const coarse = bandNoise(`${label}/${octave}`, 2, cells, cells > 4 ? 0.8 : 0.6, 0);
    const gain = roughness ** octave;
    const step = cells / size;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const at = y * size + x;
        sum[at] = (sum[at] as number) + gain * sample2(coarse, x * step, y * step);
      }
    }
  }
  return { size, values: normalise(sum) };
}

const smooth = (t: number): number => t * t * (3 - 2 * t);

/** The value of a two-dimensional field between its samples. */
export function sample2(field: Field, x: number, y: number): number {
  const { size, values } = field;
  const mask = size - 1;
  const xf = Math.floor(x);
  const yf = Math.floor(y);
  const tx = smooth(x - xf);
  const ty = smooth(y - yf);
  const x0 = xf & mask;
  const x1 = (xf + 1) & mask;
  const row0 = (yf & mask) * size;
  const row1 = ((yf + 1) & mask) * size;
  const top = (values[row0 + x0] as number) * (1 - tx) + (values[row0 + x1] as number) * tx;
  const low = (values[row1 + x0] as number) * (1 - tx) + (values[row1 + x1] as number) * tx;
  return top * (1 - ty) + low * ty;
}

/** The value of a three-dimensional field between its samples, trilinear. */
export function sample3(field: Field, x: number, y: number, z: number): number {
  const { size, values } = field;
  const mask = size - 1;
  const xf = Math.floor(x);
  const yf = Math.floor(y);
  const zf = Math.floor(z);
  const tx = x - xf;
  const ty = y - yf;
  const tz = z - zf;
  const x0 = xf & mask;
  const x1 = (xf + 1) & mask;
  const y0 = (yf & mask) * size;
  const y1 = ((yf + 1) & mask) * size;
  const z0 = (zf & mask) * size * size;
  const z1 = ((zf + 1) & mask) * size * size;
  const a = lerp(values[z0 + y0 + x0] as number, values[z0 + y0 + x1] as number, tx);
  const b = lerp(values[z0 + y1 + x0] as number, values[z0 + y1 + x1] as number, tx);
  const c = lerp(values[z1 + y0 + x0] as number, values[z1 + y0 + x1] as number, tx);
  const d = lerp(values[z1 + y1 + x0] as number, values[z1 + y1 + x1] as number, tx);
  return lerp(lerp(a, b, ty), lerp(c, d, ty), tz);
}

export function lerp(from: number, to: number, t: number): number {
  return from + (to - from) * t;
}
