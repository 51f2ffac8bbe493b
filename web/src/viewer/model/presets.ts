import type { Window } from "../dicom/frames.ts";

/** A window by name; `name` is a key of the words. Widths and centres are in the modality's units. */
export type Preset = { readonly name: PresetName; readonly window: Window };
export type PresetName =
  | "brain"
  | "bone"
  | "subdural"
  | "stroke"
  | "lung"
  | "mediastinum"
  | "abdomen"
  | "liver"
  | "angio"
  | "suv5"
  | "suv10";

/** Customary CT windows, in the order of keys 1 to 9. */
const CT: readonly Preset[] = [
  { name: "brain", window: { width: 80, center: 40 } },
  { name: "bone", window: { width: 2500, center: 480 } },
  { name: "subdural", window: { width: 200, center: 75 } },
  { name: "lung", window: { width: 1500, center: -600 } },
  { name: "mediastinum", window: { width: 350, center: 50 } },
  { name: "abdomen", window: { width: 400, center: 40 } },
  { name: "liver", window: { width: 150, center: 90 } },
  { name: "angio", window: { width: 600, center: 300 } },
  { name: "stroke", window: { width: 40, center: 40 } },
];

/** Presets in Hounsfield units belong to images in Hounsfield units; SUV ones to SUV. Elsewhere there are none by name. */
export function presetsFor(units: string): readonly Preset[] {
  if (units === "HU") return CT;
  if (units === "g/ml") {
    return [
      { name: "suv5", window: { width: 5, center: 2.5 } },
      { name: "suv10", window: { width: 10, center: 5 } },
    ];
  }
  return [];
}

/** What keys 1 to 9 do on an image: the presets of its units, or the image's own windows, in the order they are stored. */
export type Choice = { readonly label: PresetName | "stored"; readonly nth: number; readonly window: Window };
export function choicesFor(units: string, own: readonly Window[]): readonly Choice[] {
  const named = presetsFor(units);
  if (named.length > 0) return named.map(({ name, window }, nth) => ({ label: name, nth, window }));
  return own.slice(0, 9).map((window, nth) => ({ label: "stored", nth, window }));
}
