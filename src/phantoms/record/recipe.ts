import type { Chest } from "#phantoms/chest/thorax.ts";
import type { Head } from "#phantoms/head/bleed.ts";
import type { Pose } from "#phantoms/head/pose.ts";

/** A person who does not exist. `name` is a PN value (PS3.5 §6.2.1), `born` eight digits. */
export type PatientRecipe = {
  readonly name: string;
  readonly id: string;
  readonly born: string;
  readonly sex: "F" | "M" | "O";
};

/** Where a study is made; invented too. */
export type ClinicRecipe = {
  readonly name: string;
  readonly address: string;
  /** Who issues its patient identifiers. */
  readonly issuer: string;
};

/** One kind of content; most make one series, some several. */
export type ContentRecipe =
  | {
      readonly is: "ct-head";
      readonly head: Head;
      readonly pose: Pose;
      /** Thin slices of 1.25 mm; every `step`-th one is made. */
      readonly step: 1 | 2;
      /** Also the series of 5 mm and the scout. */
      readonly withThick: boolean;
    }
  | { readonly is: "chest"; readonly chest: Chest }
  | { readonly is: "mammography"; readonly label: string; readonly density: number; readonly mass: boolean }
  | { readonly is: "ultrasound"; readonly frames: number }
  | { readonly is: "mr-head"; readonly head: Head; readonly pose: Pose; readonly tilt: number }
  | { readonly is: "report"; readonly findings: readonly string[]; readonly impression: string }
  | {
      readonly is: "measurement";
      readonly name: string;
      readonly millimetres: number;
      /** The slice of the 5 mm series it was measured on, and the line's two ends in pixels: x, y, x, y. */
      readonly slice: number;
      readonly line: readonly [number, number, number, number];
    }
  | { readonly is: "pdf"; readonly title: string; readonly lines: readonly string[] };

/** A study to be generated, and the earlier ones of the same patient. */
export type StudyRecipe = {
  /** Unique; together with the seed it fixes every UID and every pixel. */
  readonly label: string;
  readonly clinic: ClinicRecipe;
  readonly patient: PatientRecipe;
  readonly description: string;
  readonly bodyPart: string;
  /** Whole days before the latest study day. */
  readonly daysAgo: number;
  /** "HHMM", wall clock of the clinic. */
  readonly time: string;
  readonly accession: string;
  /** A PN value. */
  readonly referrer: string;
  readonly contents: readonly ContentRecipe[];
  readonly priors: readonly StudyRecipe[];
};
