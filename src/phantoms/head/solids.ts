import type { Material } from "#phantoms/head/materials.ts";
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
  form: "ellipsoid", material, centre, radii, turn: options.turn ?? 0,
  both: options.both ?? false, blur: options.blur ?? 1, opacity: options.opacity ?? 1,
});

const rod = (material: Material, from: Vec, to: Vec, radius: readonly [number, number], options: Options = {}): Solid => ({
  form: "rod", material, from, to, radius,
  both: options.both ?? false, blur: options.blur ?? 1, opacity: options.opacity ?? 1,
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
  ellipsoid("cerebrospinal", [0, 15, -10], [20, 18, 11], { blur: 1.2 }),
  ellipsoid("white", [0, 14, -11], [17, 14.5, 13], { blur: 1.2 }),
  ellipsoid("cerebrospinal", [0, 2.5, -13], [4, 4, 6], { blur: 1.2 }),
  ellipsoid("cerebrospinal", [0, 34, -3], [9, 5, 6], { blur: 1.4 }),
  ellipsoid("cerebrospinal", [0, 25, -11], [0.9, 0.9, 8]),
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

/** The posterior fossa's contents after the cerebellum. */
export const FOSSA_SOLIDS: readonly Solid[] = [
  ellipsoid("white", [0, 13, -31], [17, 12.5, 15], { blur: 1.4 }),
  rod("white", [0, 20, -44], [0, 28, -72], [10, 7.5], { blur: 1.4 }),
  rod("white", [10, 20, -33], [24, 34, -35], [7, 9], { both: true, blur: 2.4 }),
  ellipsoid("cerebrospinal", [0, 32, -36], [6.5, 5.4, 8], { blur: 1.2 }),
  ellipsoid("cerebrospinal", [0, 76, -54], [9, 8, 9], { blur: 1.4 }),
];

/** Skull base, sinuses and orbits: these stay where they are. */
export const BASE_SOLIDS: readonly Solid[] = [
  // Muscles and bones of the face
  rod("muscle", [52, -34, -52], [58, -22, -14], [8, 7], { both: true, blur: 2 }),
  rod("muscle", [22, -14, -62], [36, -22, -48], [10, 8], { both: true, blur: 2 }),
  rod("muscle", [18, 62, -72], [16, 74, -50], [17, 9], { both: true, blur: 2 }),
  rod("muscle", [46, 40, -72], [56, 30, -50], [11, 6], { both: true, blur: 2 }),
  rod("cortical", [52, -62, -48], [68, -18, -46], [3.4, 2.4], pair),
  rod("cortical", [46, -72, -46], [47, -66, -18], [5, 4.6], pair),
  rod("cortical", [47, -66, -32], [36, -38, -30], [3, 2.4], pair),
  rod("cortical", [53, -4, -56], [54, -4, -46], [4.6, 5.6], pair),
  rod("marrow", [53, -4, -56], [54, -4, -47], [2.8, 3.6], pair),
  rod("cortical", [4.5, -88, -24], [3, -95, -46], [2.6, 1.6], pair),
  // Petrous pyramids, mastoids, clivus
  rod("cortical", [17, -2, -35], [60, 23, -36], [7.5, 12], { both: true, blur: 1.4 }),
  rod("marrow", [24, 2, -37], [50, 18, -38], [3.4, 5], { both: true, blur: 2 }),
  rod("cortical", [60, 24, -38], [59, 24, -58], [11, 7], { both: true, blur: 1.4 }),
  rod("cerebrospinal", [20, 11, -34], [31, 6, -34], [2.4, 2], pair),
  rod("air", [46, 5, -36], [72, 8, -37], [2.6, 3.6], pair),
  ellipsoid("air", [40, 8, -33], [3.6, 5, 4], { both: true, turn: 30 }),
  rod("cortical", [0, -12, -27], [0, 15, -64], [9, 7], { blur: 1.4 }),
  rod("marrow", [0, -10, -31], [0, 14, -62], [6, 4.6], { blur: 1.6 }),
  ellipsoid("cortical", [0, -8, -23], [9, 3, 5]),
  ellipsoid("grey", [0, -15, -23], [6.5, 5, 3.6]),
  // Sphenoid sinus with its septum, then the nose
  ellipsoid("cortical", [0, -31, -33], [17, 14, 12]),
  ellipsoid("air", [7.5, -31, -33], [6.6, 11.5, 9.6], pair),
  rod("mucosa", [0, -44, -54], [0, -84, -56], [15, 11], { blur: 1.4 }),
  rod("air", [5, -44, -56], [5, -84, -58], [3.4, 3], { both: true, blur: 1.2 }),
  rod("air", [11, -48, -60], [10, -78, -60], [2.6, 2], { both: true, blur: 1.2 }),
  ellipsoid("air", [0, -32, -60], [13, 9, 12], { blur: 1.6 }),
  ellipsoid("cortical", [33, -58, -64], [18, 19, 17], pair),
  ellipsoid("air", [33, -58, -64], [16, 17, 15], pair),
  // Orbits: a cone of bone, filled with fat; the globe, its lens, nerve and muscles
  rod("cortical", [14, -34, -29], [33, -76, -31], [8, 21], pair),
  rod("fat", [15, -36, -29], [34, -84, -31], [5.4, 19], { both: true, blur: 1.2 }),
  rod("fat", [33, -76, -31], [36, -96, -32], [18, 12], { both: true, blur: 2 }),
  rod("muscle", [17, -42, -29], [24, -72, -30], [1.8, 2.1], pair),
  rod("muscle", [19, -42, -29], [46, -72, -31], [1.6, 2], pair),
  rod("muscle", [18, -42, -25], [33, -72, -20], [1.8, 2.2], pair),
  rod("muscle", [18, -42, -33], [33, -72, -42], [1.8, 2.2], pair),
  rod("sclera", [17, -40, -29], [33, -66, -31], [2.1, 2.2], pair),
  ellipsoid("sclera", [34, -77, -31], [12.6, 12.4, 12.6], pair),
  ellipsoid("vitreous", [34, -77, -31], [11.3, 11.2, 11.3], pair),
  ellipsoid("lens", [34.5, -86, -31], [4.6, 2.1, 4.6], pair),
  ellipsoid("skin", [36, -91, -31], [17, 2.6, 9], { both: true, blur: 1.6, turn: 6 }),
];
