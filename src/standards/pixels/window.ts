import type { Window } from "#standards/pixels/attributes.ts";

/** PS3.3 §C.11.2.1.3: how Window Center and Window Width are applied. */
export type VoiFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";

/** The function named in VOI LUT Function; what is missing or unknown is LINEAR, as the standard says of a missing one. */
export function voiFunctionOf(name: string | undefined): VoiFunction {
  const text = name?.trim();
  return text === "LINEAR_EXACT" || text === "SIGMOID" ? text : "LINEAR";
}

/** A value of the modality LUT's output as a brightness from 0 to 1 (PS3.3 §C.11.2.1.2 and §C.11.2.1.3). */
export function throughWindow(value: number, window: Window, how: VoiFunction): number {
  const { center, width } = window;
  switch (how) {
    case "SIGMOID":
      return 1 / (1 + Math.exp((-4 * (value - center)) / width));
    case "LINEAR_EXACT":
      return clamp((value - center) / width + 0.5);
    case "LINEAR":
      if (width <= 1) return value <= center - 0.5 ? 0 : 1; // width 1 is a threshold: nothing to divide by
      return clamp((value - (center - 0.5)) / (width - 1) + 0.5);
  }
}

/** A window that the standard allows: LINEAR needs a width of at least 1, the others one above 0. */
export function usable(window: Window | undefined, how: VoiFunction): window is Window {
  if (window === undefined || !Number.isFinite(window.center) || !Number.isFinite(window.width)) return false;
  return how === "LINEAR" ? window.width >= 1 : window.width > 0;
}

/** The window that shows `low` black and `high` white under `how`. */
export function windowOver(low: number, high: number, how: VoiFunction): Window {
  const extra = how === "LINEAR" ? 1 : 0;
  const width = Math.max(high - low, Number.EPSILON) + extra;
  return { center: (low + high) / 2 + extra / 2, width };
}

const BINS = 65536;

/** The values below which the fractions `low` and `high` of all finite `values` lie (within 1/65536 of their range), or undefined if there are none. */
export function percentiles(
  values: ArrayLike<number>,
  low: number,
  high: number,
  leaveOut: (value: number) => boolean,
): [number, number] | undefined {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (!Number.isFinite(value) || leaveOut(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    count++;
  }
  if (count === 0) return undefined;
  if (least === most) return [least, most];
  const integers = most - least < BINS && Number.isInteger(least) && Number.isInteger(most);
  const step = integers ? 1 : (most - least) / (BINS - 1);
  const bins = new Uint32Array(BINS);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    if (!Number.isFinite(value) || leaveOut(value)) continue;
    const bin = Math.floor((value - least) / step);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return [least + step * binAt(bins, low * count), least + step * binAt(bins, high * count)];
}

function binAt(bins: Uint32Array, wanted: number): number {
  let seen = 0;
  for (let bin = 0; bin < bins.length; bin++) {
    seen += bins[bin] ?? 0;
    if (seen > 0 && seen >= wanted) return bin;
  }
  return bins.length - 1;
}

function clamp(value: number): number {
  return Math.max(0, Math.min(1, value));
}
