import { dot } from "../dicom/vector.ts";
import type { StackInfo } from "./state.ts";

/**
 * Where a linked stack should stand when another one moved from `anchor` to `index`. Parallel stacks follow in millimetres: by
 * place in one frame of reference, by distance from their anchors otherwise. Stacks without places, or of another plane, follow
 * image by image (equal counts) or in proportion.
 */
export function follow(
  mover: StackInfo,
  moved: { readonly anchor: number; readonly index: number },
  other: StackInfo,
  otherAnchor: number,
): number {
  const place = mover.places[moved.index];
  if (place !== undefined && parallel(mover, other)) {
    const same = mover.frameOfReference !== "" && mover.frameOfReference === other.frameOfReference;
    const from = mover.places[moved.anchor];
    const to = other.places[otherAnchor];
    if (same) return nearest(other.places, place) ?? otherAnchor;
    if (from !== undefined && to !== undefined) return nearest(other.places, to + (place - from)) ?? otherAnchor;
  }
  const step = moved.index - moved.anchor;
  const scaled =
    mover.count === other.count ? step : Math.round((step * (other.count - 1)) / Math.max(1, mover.count - 1));
  return clamp(otherAnchor + scaled, other.count);
}

/** Where a prior should stand first, so that both show the same level: by place where both ranges overlap, else in proportion. */
export function meet(current: StackInfo, index: number, prior: StackInfo): number {
  const place = current.places[index];
  if (place !== undefined && parallel(current, prior) && overlap(current.places, prior.places) > 0.3) {
    const found = nearest(prior.places, place);
    if (found !== undefined) return found;
  }
  const share = current.count > 1 ? index / (current.count - 1) : 0.5;
  const backwards = parallel(current, prior) && runsBackwards(current) !== runsBackwards(prior);
  return clamp(Math.round((backwards ? 1 - share : share) * (prior.count - 1)), prior.count);
}

function parallel(a: StackInfo, b: StackInfo): boolean {
  return a.normal !== undefined && b.normal !== undefined && dot(a.normal, b.normal) > 0.94;
}

function nearest(places: readonly (number | undefined)[], target: number): number | undefined {
  let found: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  places.forEach((place, index) => {
    if (place === undefined || Math.abs(place - target) >= least) return;
    least = Math.abs(place - target);
    found = index;
  });
  return found;
}

function overlap(a: StackInfo["places"], b: StackInfo["places"]): number {
  const [lowA, highA] = rangeOf(a);
  const [lowB, highB] = rangeOf(b);
  const shared = Math.min(highA, highB) - Math.max(lowA, lowB);
  return shared / Math.max(1e-6, Math.min(highA - lowA, highB - lowB));
}

function rangeOf(places: StackInfo["places"]): [number, number] {
  const known = places.filter((place) => place !== undefined);
  return [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
}

const runsBackwards = ({ places }: StackInfo): boolean => (places.at(-1) ?? 0) < (places[0] ?? 0);

export const clamp = (index: number, count: number): number => Math.min(Math.max(0, index), Math.max(0, count - 1));
