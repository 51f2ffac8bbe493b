import { type DataSet, items, number } from "./json.ts";

/** A calibrated part of an ultrasound picture (PS3.3 §C.8.5.5): pixels from `x0`,`y0` to `x1`,`y1`, and what one pixel is worth. */
export type Region = {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly spatial: number;
  readonly type: number;
  readonly unitX: number;
  readonly unitY: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly referenceX: number;
  readonly referenceY: number;
};

export function regionsOf(instance: DataSet): Region[] {
  return items(instance, "00186011").flatMap((region) => {
    const deltaX = number(region, "0018602C");
    const deltaY = number(region, "0018602E");
    if (!deltaX || !deltaY) return [];
    return [
      {
        x0: number(region, "00186018") ?? 0,
        y0: number(region, "0018601A") ?? 0,
        x1: number(region, "0018601C") ?? 0,
        y1: number(region, "0018601E") ?? 0,
        spatial: number(region, "00186012") ?? 0,
        type: number(region, "00186014") ?? 0,
        unitX: number(region, "00186024") ?? 0,
        unitY: number(region, "00186026") ?? 0,
        deltaX,
        deltaY,
        referenceX: number(region, "00186020") ?? 0,
        referenceY: number(region, "00186022") ?? 0,
      },
    ];
  });
}

/** Millimetres per pixel where one region in centimetres covers at least half of the picture, for the scale bar. */
export function scaleOfRegions(regions: readonly Region[], rows: number, columns: number): number | undefined {
  const spatial = regions.filter((region) => region.unitX === 3 && region.unitY === 3);
  const widest = spatial.toSorted((a, b) => areaOf(b) - areaOf(a))[0];
  if (!widest || areaOf(widest) < (rows * columns) / 4) return undefined;
  return Math.abs(widest.deltaX) * 10;
}

const areaOf = (region: Region): number => (region.x1 - region.x0) * (region.y1 - region.y0);
