/** Pixels of a drawn page's longer side at most, whatever size it claims. */
const LONGEST_SIDE = 4096;

/** Whole pixels for a page whose height is `ratio` times its width; `wanted` is the width that the screen has. */
export function pictureSize(wanted: number, ratio: number): { width: number; height: number } {
  const width = Math.min(wanted, LONGEST_SIDE, LONGEST_SIDE / ratio);
  return { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(width * ratio)) };
}
