import type { Types } from "@cornerstonejs/core";
import type { Lut } from "#standards/pixels/attributes.ts";
import { nodesOf } from "./voi-nodes.ts";

/** As many steps as the graphics card looks values up in. */
const NODES = 1024;

/** What of vtk.js' transfer function is used here. */
type Curve = {
  buildFunctionFromArray(array: {
    getNumberOfComponents(): number;
    getNumberOfTuples(): number;
    getComponent(tuple: number, component: number): number;
  }): void;
  getRange(): readonly [number, number];
};
const drawnBy = new WeakMap<Curve, Lut>();

/**
 * Draws grey values by a VOI LUT (PS3.3 §C.11.2.1.1) where Cornerstone draws them by a window, and puts the straight line back once
 * there is none. To be called after the window and the inversion were set, which draw a line.
 */
export function showByTable(viewport: Types.IStackViewport, table: Lut | undefined, inverse: boolean): void {
  const curve = (viewport as unknown as { getTransferFunction?(): Curve | undefined }).getTransferFunction?.();
  if (!curve || (!table && !drawnBy.has(curve))) return;
  const nodes = table ? nodesOf(table, NODES) : lineOver(curve.getRange());
  curve.buildFunctionFromArray({
    getNumberOfComponents: () => 6, // value, red, green, blue, midpoint, sharpness
    getNumberOfTuples: () => nodes.length,
    getComponent: (tuple, component) => {
      const [value, bright] = nodes[tuple] ?? [0, 0];
      if (component === 0) return value;
      if (component > 3) return component === 4 ? 0.5 : 0;
      return inverse ? 1 - bright : bright;
    },
  });
  if (table) drawnBy.set(curve, table);
  else drawnBy.delete(curve);
}

type Node = readonly [value: number, brightness: number];
const lineOver = ([low, high]: readonly [number, number]): Node[] => [
  [low, 0],
  [high, 1],
];
