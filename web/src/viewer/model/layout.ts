/** Rows × columns of the viewports. */
export const LAYOUTS = ["1x1", "1x2", "2x1", "2x2"] as const;
export type Layout = (typeof LAYOUTS)[number];

export function gridOf(layout: Layout): { readonly rows: number; readonly columns: number; readonly count: number } {
  const rows = Number(layout[0]);
  const columns = Number(layout[2]);
  return { rows, columns, count: rows * columns };
}

export type Direction = "left" | "right" | "up" | "down";

/** The pane next to `pane`, or the same one at the edge. */
export function neighbourOf(layout: Layout, pane: number, direction: Direction): number {
  const { rows, columns } = gridOf(layout);
  const row = Math.floor(pane / columns);
  const column = pane % columns;
  const [toRow, toColumn] = {
    left: [row, column - 1],
    right: [row, column + 1],
    up: [row - 1, column],
    down: [row + 1, column],
  }[direction] as [number, number];
  if (toRow < 0 || toRow >= rows || toColumn < 0 || toColumn >= columns) return pane;
  return toRow * columns + toColumn;
}

/** The smallest layout that shows so many stacks side by side. */
export function layoutFor(count: number): Layout {
  if (count <= 1) return "1x1";
  return count === 2 ? "1x2" : "2x2";
}
