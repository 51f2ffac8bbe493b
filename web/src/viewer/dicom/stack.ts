import type { Frame } from "./frames.ts";
import { cross, dot, type Vec3 } from "./vector.ts";

/** What scrolls together: frames in showing order. */
export type Stack = { readonly key: string; readonly series: string; readonly frames: readonly Frame[] };

/** Modalities whose every image stands for itself, as readers know them. */
const SINGLE_IMAGE = new Set(["CR", "DX", "MG", "PX", "IO", "RG"]);

/**
 * The stacks of a series: loops and other multi-frame instances by themselves, projection images one by one, all else
 * together by instance number. Keys are stable for the same series and instances.
 */
export function stacksOf(series: string, frames: readonly Frame[]): Stack[] {
  const alone = new Map<string, Frame[]>();
  const together: Frame[] = [];
  for (const frame of frames) {
    if (frame.of > 1 || SINGLE_IMAGE.has(frame.modality)) {
      const held = alone.get(frame.sop);
      if (held) held.push(frame);
      else alone.set(frame.sop, [frame]);
    } else together.push(frame);
  }
  const stacks = [...alone].map(([sop, own]) => ({ key: `${series}/${sop}`, series, frames: own }));
  if (together.length > 0) stacks.push({ key: series, series, frames: inOrder(together) });
  return stacks.toSorted((a, b) => instanceOf(a) - instanceOf(b));
}

const instanceOf = (stack: Stack): number => stack.frames[0]?.instanceNumber ?? 0;

/** By instance number; where those are missing or repeated, by place along the normal; otherwise as they came. */
export function inOrder(frames: readonly Frame[]): Frame[] {
  const numbers = new Set(frames.map((frame) => frame.instanceNumber));
  if (numbers.size === frames.length && !numbers.has(undefined)) {
    return frames.toSorted((a, b) => (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0));
  }
  const along = placesOf(frames).places;
  if (along.some((place) => place === undefined)) return [...frames];
  return frames
    .map((frame, index) => ({ frame, place: along[index] ?? 0 }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ frame }) => frame);
}

/** The stack's normal and each frame's distance along it in millimetres; nothing for frames without a place or of another plane. */
export function placesOf(frames: readonly Frame[]): {
  readonly normal: Vec3 | undefined;
  readonly places: readonly (number | undefined)[];
} {
  const first = frames.find((frame) => frame.row && frame.column && frame.position);
  if (!first?.row || !first.column) return { normal: undefined, places: frames.map(() => undefined) };
  const normal = cross(first.row, first.column);
  const places = frames.map(({ row, column, position }) =>
    row && column && position && dot(cross(row, column), normal) > 0.99 ? dot(position, normal) : undefined,
  );
  return { normal, places };
}
