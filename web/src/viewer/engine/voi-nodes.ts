import type { Lut } from "#standards/pixels/attributes.ts";

/** A VOI LUT as at most `most` points of value and brightness (0 to 1), its first and last entry among them. */
export function nodesOf({ first, bits, values }: Lut, most: number): [value: number, brightness: number][] {
  const last = values.length - 1;
  const count = Math.min(most, values.length);
  const brightest = 2 ** bits - 1;
  return Array.from({ length: count }, (_, at) => {
    const place = count === 1 ? 0 : Math.round((at * last) / (count - 1));
    return [first + place, Math.min(1, (values[place] ?? 0) / brightest)];
  });
}
