/** What a head is made of, here. */
export type Material =
  | "air"
  | "skin"
  | "fat"
  | "muscle"
  | "cortical"
  | "marrow"
  | "cerebrospinal"
  | "grey"
  | "white"
  | "deepGrey"
  | "blood"
  | "dura"
  | "vitreous"
  | "sclera"
  | "lens"
  | "calcified"
  | "mucosa"
  | "sinusBlood"
  | "headrest";

/** A number for every material: Hounsfield units for CT, relative signal for an MR contrast. */
export type Palette = { readonly [material in Material]: number };

export const CT: Palette = {
  air: -1000,
  skin: 40,
  fat: -92,
  muscle: 55,
  cortical: 1500,
  marrow: 620,
  cerebrospinal: 5,
  grey: 39,
  white: 29,
  deepGrey: 38,
  blood: 68,
  dura: 52,
  vitreous: 10,
  sclera: 42,
  lens: 90,
  calcified: 140,
  mucosa: 35,
  sinusBlood: 52,
  headrest: -820,
};

/** Spin echo, short TR and TE: fat bright, white above grey, water dark. */
export const T1: Palette = {
  air: 6,
  skin: 420,
  fat: 980,
  muscle: 420,
  cortical: 30,
  marrow: 640,
  cerebrospinal: 150,
  grey: 470,
  white: 640,
  deepGrey: 510,
  blood: 560,
  dura: 300,
  vitreous: 150,
  sclera: 300,
  lens: 420,
  calcified: 200,
  mucosa: 400,
  sinusBlood: 190,
  headrest: 6,
};

/** Turbo spin echo, long TR and TE: water bright, grey above white. */
export const T2: Palette = {
  air: 6,
  skin: 240,
  fat: 560,
  muscle: 170,
  cortical: 25,
  marrow: 330,
  cerebrospinal: 1180,
  grey: 480,
  white: 330,
  deepGrey: 400,
  blood: 300,
  dura: 90,
  vitreous: 1120,
  sclera: 200,
  lens: 180,
  calcified: 150,
  mucosa: 800,
  sinusBlood: 70,
  headrest: 6,
};

/** T2 with the signal of free water suppressed. */
export const FLAIR: Palette = {
  air: 6,
  skin: 260,
  fat: 520,
  muscle: 200,
  cortical: 25,
  marrow: 330,
  cerebrospinal: 70,
  grey: 520,
  white: 390,
  deepGrey: 440,
  blood: 700,
  dura: 120,
  vitreous: 70,
  sclera: 220,
  lens: 200,
  calcified: 150,
  mucosa: 500,
  sinusBlood: 120,
  headrest: 6,
};
