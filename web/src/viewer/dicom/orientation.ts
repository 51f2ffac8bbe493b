import { cross, length, minus, unit, type Vec3 } from "./vector.ts";

/** The anatomical letters towards which a direction of patient space points, strongest first, at most two: "L", "AR", "PH". */
export function lettersOf(direction: Vec3): string {
  const [x, y, z] = unit(direction);
  if (!(length(direction) > 0)) return "";
  return (
    [
      [x > 0 ? "L" : "R", Math.abs(x)],
      [y > 0 ? "P" : "A", Math.abs(y)],
      [z > 0 ? "H" : "F", Math.abs(z)],
    ] as const
  )
    .filter(([, share]) => share > 0.34)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 2)
    .map(([letter]) => letter)
    .join("");
}

const OPPOSITE: Readonly<Record<string, string>> = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };

/** The letters of the opposite direction: "AL" → "PR". Letters that are not anatomical axes (PS3.3 §C.7.6.1.1.1 for animals) have none. */
export function oppositeOf(letters: string): string {
  return [...letters].map((letter) => OPPOSITE[letter] ?? "").join("");
}

export type Edges = { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string };

/** Letters for the four edges of a view whose right and down directions in patient space are known. */
export function edgesOf(right: Vec3, down: Vec3): Edges {
  return {
    left: lettersOf(minus(right)),
    right: lettersOf(right),
    top: lettersOf(minus(down)),
    bottom: lettersOf(down),
  };
}

/**
 * The same for images that only carry Patient Orientation (0020,0020): `rowTo` is where rows run to, `columnTo` where
 * columns run to. `right` and `down` are the view's directions in image axes (x along a row, y down a column).
 */
export function edgesOfLabels(
  rowTo: string,
  columnTo: string,
  right: readonly [number, number],
  down: readonly [number, number],
): Edges {
  const towards = ([x, y]: readonly [number, number]) => {
    if (Math.abs(x) >= Math.abs(y)) return x > 0 ? rowTo : oppositeOf(rowTo);
    return y > 0 ? columnTo : oppositeOf(columnTo);
  };
  const back = ([x, y]: readonly [number, number]) => [-x, -y] as const;
  return { left: towards(back(right)), right: towards(right), top: towards(back(down)), bottom: towards(down) };
}

export type Plane = "AX" | "COR" | "SAG" | "OBL";

/** The plane of an image by its normal: axial, coronal, sagittal, or oblique when it leans more than 25° from each. */
export function planeOf(row: Vec3, column: Vec3): Plane {
  const [x, y, z] = unit(cross(row, column)).map(Math.abs) as unknown as Vec3;
  if (z > 0.906) return "AX";
  if (y > 0.906) return "COR";
  return x > 0.906 ? "SAG" : "OBL";
}
