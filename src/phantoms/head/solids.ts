import type { Material } from "#phantoms/head/materials.ts";
import { randomOf } from "#phantoms/image/random.ts";
import type { Vec } from "#phantoms/image/shape.ts";

/**
 * The parts of a head that have a simple form. Millimetres in the coordinates of `vault.ts`. What is listed later covers
 * what is listed earlier. `both` adds the mirror image on the other side; `blur` is the width of the boundary.
 */
export type Solid = {
  readonly material: Material;
  readonly both: boolean;
  readonly blur: number;
  readonly opacity: number;
} & (
  | { readonly form: "ellipsoid"; readonly centre: Vec; readonly radii: Vec; readonly turn: number }
  | { readonly form: "rod"; readonly from: Vec; readonly to: Vec; readonly radius: readonly [number, number] }
);

type Options = { both?: boolean; blur?: number; turn?: number; opacity?: number };

/** `turn` is a rotation about z in degrees, on the patient's left side; the right one is its mirror image. */
const ellipsoid = (material: Material, centre: Vec, radii: Vec, options: Options = {}): Solid => ({
  form: "ellipsoid",
  material,
  centre,
  radii,
  turn: options.turn ?? 0,
  both: options.both ?? false,
  blur: options.blur ?? 1,
  opacity: options.opacity ?? 1,
});

const rod = (
  material: Material,
  from: Vec,
  to: Vec,
  radius: readonly [number, number],
  options: Options = {},
): Solid => ({
  form: "rod",
  material,
  from,
  to,
  radius,
  both: options.both ?? false,
  blur: options.blur ?? 1,
  opacity: options.opacity ?? 1,
});

const pair = { both: true } as const;

/** Inside the brain: these move with it when a bleeding displaces it. */
export const BRAIN_SOLIDS: readonly Solid[] = [
  // Deep grey matter
  ellipsoid("deepGrey", [14, -27, 8], [6.5, 11, 10], { both: true, blur: 1.6, turn: -14 }),
  rod("deepGrey", [16, -20, 16], [18, 14, 22], [3.2, 1.8], { both: true, blur: 1.6 }),
  ellipsoid("deepGrey", [26, -10, 3], [6.5, 18, 11], { both: true, blur: 1.6, turn: 14 }),
  ellipsoid("white", [20.5, -7, 2], [1.2, 11, 8], { both: true, blur: 1.4, turn: 24, opacity: 0.6 }),
  ellipsoid("deepGrey", [9.5, 7, 4], [8.5, 14, 9.5], { both: true, blur: 1.6, turn: -26 }),
  ellipsoid("grey", [37, -6, 0], [2.2, 20, 14], { both: true, blur: 1.4, turn: 8 }),
  // Sylvian fissure and insular cistern
  ellipsoid("cerebrospinal", [40.5, -4, -1], [1.5, 21, 13], { both: true, blur: 1.1, turn: 9 }),
  rod("cerebrospinal", [42, -22, -4], [62, -26, 2], [2.2, 1.6], { both: true, blur: 1.1 }),
  rod("cerebrospinal", [41, 14, 8], [66, 22, 20], [1.6, 1.2], { both: true, blur: 1.1 }),
  rod("cerebrospinal", [12, -14, -19], [40, -22, -12], [2.2, 2.6], { both: true, blur: 1.1 }),
  // Basal cisterns
  ellipsoid("cerebrospinal", [0, -9, -18], [11.5, 9, 7], { blur: 1.4 }),
  rod("cerebrospinal", [7, -4, -18], [16, 4, -15], [3, 2], { both: true }),
  rod("cerebrospinal", [0, -16, -18], [0, -30, -14], [2.4, 1.4]),
  // Lateral ventricles: frontal horn, body, atrium, occipital and temporal horns
  rod("cerebrospinal", [11, -40, 4], [4.5, -20, 6], [3.4, 2.6], pair),
  rod("cerebrospinal", [10.5, -36, 12], [7, -16, 16], [4, 4.2], pair),
  rod("cerebrospinal", [7, -16, 16], [11.5, 6, 22], [4.2, 4.8], pair),
  rod("cerebrospinal", [11.5, 6, 22], [17, 26, 19], [4.8, 5], pair),
  rod("cerebrospinal", [17, 26, 19], [24, 38, 6], [5, 5.6], pair),
  rod("cerebrospinal", [24, 38, 6], [22, 60, 2], [4.8, 1.6], pair),
  rod("cerebrospinal", [24, 36, 4], [33, 22, -9], [4.6, 2.6], pair),
  rod("cerebrospinal", [33, 22, -9], [31, -6, -20], [2.4, 1.8], pair),
  // Third and fourth ventricle, choroid plexus, pineal gland
  ellipsoid("cerebrospinal", [0, 1, -1], [2.1, 15, 10], { blur: 1.1 }),
  ellipsoid("calcified", [21, 36, 9], [2.4, 5, 4], { both: true, blur: 1.6, opacity: 0.75 }),
  ellipsoid("calcified", [0, 22, 2], [1.9, 2.4, 2], { blur: 1.4 }),
];

/** Below the tentorium, over the cerebellum. */
export const FOSSA_SOLIDS: readonly Solid[] = [
  rod("white", [10, 20, -33], [24, 34, -35], [7, 9], { both: true, blur: 2.4 }),
  ellipsoid("cerebrospinal", [0, 76, -54], [9, 8, 9], { blur: 1.4 }),
];

/** The brain stem, the cisterns around it and the fourth ventricle: they pass through the tentorium's notch. */
export const STEM_SOLIDS: readonly Solid[] = [
  ellipsoid("cerebrospinal", [0, 15.5, -10], [18.4, 16.5, 11], { blur: 1.2 }),
  ellipsoid("cerebrospinal", [0, 4, -28], [17, 9, 17], { blur: 1.4 }),
  ellipsoid("white", [0, 15, -12], [16.5, 13.5, 15], { blur: 1.2 }),
  ellipsoid("cerebrospinal", [0, 3, -14], [3.6, 5, 6], { blur: 1.2 }),
  ellipsoid("cerebrospinal", [0, 33, -4], [9, 4.4, 6], { blur: 1.4 }),
  ellipsoid("cerebrospinal", [0, 25, -11], [0.9, 0.9, 8]),
  ellipsoid("white", [0, 15, -31], [16.5, 11.5, 14], { blur: 1.4 }),
  rod("white", [0, 20, -44], [0, 28, -74], [10, 7.5], { blur: 1.4 }),
  ellipsoid("cerebrospinal", [0, 32, -36], [6.5, 5.4, 8], { blur: 1.2 }),
];

/** Small cells of air in a bone, the same at each run. */
function cellsIn(
  label: string,
  count: number,
  centre: Vec,
  spread: Vec,
  size: readonly [number, number],
  options: Options,
): Solid[] {
  const random = randomOf(label);
  const about = (axis: 0 | 1 | 2): number => centre[axis] + spread[axis] * random.between(-1, 1);
  return Array.from({ length: count }, () => {
    const r = random.between(size[0], size[1]);
    return ellipsoid(
      "air",
      [about(0), about(1), about(2)],
      [r, r * random.between(0.8, 1.4), r * random.between(0.8, 1.5)],
      options,
    );
  });
}

const ETHMOID: readonly Solid[] = [-46, -55, -64, -73].flatMap((y, i) =>
  [-37, -28].map((z, k) => ellipsoid("air", [5.2 + (i % 2) * 0.8 + k * 0.3, y, z + (i % 2)], [3.9, 3.8, 4.1], pair)),
);

/** Skull base, sinuses and orbits: these stay where they are. */
export const BASE_SOLIDS: readonly Solid[] = [
  // Bones of the face, the joint of the jaw, the auricle
  rod("cortical", [50, -64, -49], [67, -22, -47], [3, 2.2], pair),
  rod("cortical", [45, -72, -48], [46, -68, -18], [4.6, 4.2], pair),
  rod("cortical", [46, -66, -32], [36, -40, -30], [2.4, 2.2], pair),
  rod("cortical", [53, -5, -72], [54, -5, -50], [3.6, 5.4], pair),
  rod("marrow", [53, -5, -72], [54, -5, -51], [2, 3.4], pair),
  rod("cortical", [4.5, -86, -22], [3, -94, -44], [2.4, 1.4], pair),
  rod("skin", [77, 6, -54], [82, 16, -28], [2.6, 3.2], { both: true, blur: 1.4 }),
  rod("skin", [82, 16, -28], [78, 5, -20], [3, 2.4], { both: true, blur: 1.4 }),
  // Petrous pyramids, mastoids, clivus, dorsum sellae
  rod("cortical", [17, -2, -35], [60, 23, -36], [6.5, 11.5], { both: true, blur: 1.4 }),
  rod("marrow", [24, 2, -37], [44, 14, -38], [3.4, 4.4], { both: true, blur: 2, opacity: 0.8 }),
  rod("cortical", [61, 25, -38], [58, 22, -60], [11, 7], { both: true, blur: 1.4 }),
  ...cellsIn("mastoid", 42, [60, 25, -42], [7.5, 8, 12], [1.1, 2.3], { both: true, blur: 0.9 }),
  rod("cerebrospinal", [18, 11, -34], [31, 6, -34], [2.8, 2], pair),
  rod("air", [47, 6, -37], [74, 9, -38], [2.6, 3.4], pair),
  ellipsoid("air", [41, 7, -33], [3, 5, 4], { both: true, turn: 30 }),
  ellipsoid("cortical", [42, 8, -34], [0.9, 1.4, 1], { both: true, blur: 0.8 }),
  rod("cortical", [0, -10, -28], [0, 17, -66], [8, 7], { blur: 1.4 }),
  rod("marrow", [0, -9, -31], [0, 16, -64], [5.4, 4.6], { blur: 1.6 }),
  rod("cortical", [-7, -7, -20], [7, -7, -20], [2.2, 2.2]),
  rod("cortical", [12, -24, -19], [32, -30, -17], [2.2, 1.6], pair),
  ellipsoid("grey", [0, -14, -23], [6, 5, 3.4]),
  // Sphenoid sinus with its septum, then the nose
  ellipsoid("cortical", [0, -31, -33], [17, 14, 11]),
  ellipsoid("air", [7.3, -31, -33], [6.4, 11.5, 8.8], { both: true, turn: 8 }),
  rod("mucosa", [0, -44, -56], [0, -82, -58], [15, 11], { blur: 1.4 }),
  rod("air", [4, -46, -56], [3.6, -82, -58], [2.2, 1.8], { both: true, blur: 1.2 }),
  rod("air", [9.5, -48, -61], [9, -76, -61], [2.4, 2], { both: true, blur: 1.2 }),
  rod("air", [9, -46, -51], [8.6, -72, -51], [2.2, 1.8], { both: true, blur: 1.2 }),
  rod("cortical", [0, -50, -42], [0, -80, -72], [0.9, 0.9]),
  ellipsoid("air", [0, -32, -62], [12, 8, 14], { blur: 1.6 }),
  ellipsoid("cortical", [33, -59, -64], [17, 18.4, 17], pair),
  ellipsoid("air", [33, -59, -64], [15.6, 17, 15.4], { both: true, turn: 12 }),
  // Ethmoid and frontal sinuses
  rod("cortical", [0, -44, -32], [0, -76, -32], [11.5, 10], { blur: 1.2 }),
  ...ETHMOID,
  ellipsoid("air", [8, -86.5, -6], [7.6, 2.9, 10], { both: true, turn: -10 }),
  ellipsoid("air", [17, -84, -10], [6, 2.4, 6], { both: true, turn: -22 }),
  // Orbits: a cone of bone, filled with fat; the globe, its lens, nerve and muscles
  rod("cortical", [14, -34, -29], [31, -64, -31], [7.4, 20.2], pair),
  rod("fat", [15, -36, -29], [33.5, -70, -31], [5.4, 18], { both: true, blur: 1.2 }),
  rod("fat", [33, -71, -31], [34, -77, -31], [16, 11], { both: true, blur: 2 }),
  rod("muscle", [17, -42, -29], [23, -70, -30], [1.8, 2.1], pair),
  rod("muscle", [19, -42, -29], [45, -69, -31], [1.6, 2], pair),
  rod("muscle", [18, -42, -25], [33, -70, -19], [1.8, 2.2], pair),
  rod("muscle", [18, -42, -33], [33, -70, -42], [1.8, 2.2], pair),
  rod("sclera", [17, -40, -29], [33, -64, -31], [2, 2.1], pair),
  ellipsoid("sclera", [34, -75, -31], [12.5, 12.3, 12.5], pair),
  ellipsoid("vitreous", [34, -75, -31], [11.2, 11.1, 11.2], pair),
  ellipsoid("lens", [34.3, -83.6, -31], [4.5, 2, 4.5], pair),
];
