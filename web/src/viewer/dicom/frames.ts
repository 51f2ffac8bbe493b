import { type DataSet, item, items, number, numbers, text, texts } from "./json.ts";
import { type Region, regionsOf } from "./regions.ts";
import { type Vec3, vec3 } from "./vector.ts";

export type Window = { readonly center: number; readonly width: number };

/** One picture: a frame of an instance, with all that ordering, labelling and measuring it needs. */
export type Frame = {
  /** The instance's whole data set, without bulk: what decoding reads. */
  readonly instance: DataSet;
  readonly sop: string;
  readonly sopClass: string;
  readonly number: number;
  readonly of: number;
  readonly instanceNumber: number | undefined;
  /** The instance's DICOMweb address. */
  readonly url: string;
  readonly transferSyntax: string;
  readonly modality: string;
  readonly rows: number;
  readonly columns: number;
  readonly photometric: string;
  readonly rescale: { readonly slope: number; readonly intercept: number; readonly type: string } | undefined;
  readonly windows: readonly Window[];
  /** The unit of a value after rescale: "HU", "Bq/ml", … or "". */
  readonly units: string;
  readonly position: Vec3 | undefined;
  readonly row: Vec3 | undefined;
  readonly column: Vec3 | undefined;
  /** Millimetres from one row to the next, and from one column to the next. */
  readonly spacing: readonly [number, number] | undefined;
  readonly spacingAt: "patient" | "detector" | "none";
  readonly aspect: readonly [number, number];
  readonly regions: readonly Region[];
  readonly frameOfReference: string;
  readonly thickness: number | undefined;
  readonly patientOrientation: readonly [string, string] | undefined;
  readonly lossy: { readonly ratio: number | undefined } | undefined;
  readonly date: string;
  readonly time: string;
  readonly frameMs: number | undefined;
  readonly laterality: string;
  readonly viewPosition: string;
};

const LOSSY_SYNTAXES = new Set(["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81"]);

/** The most frames read of one instance: more would be a mistake or an attack. */
const MOST_FRAMES = 20_000;

/** All frames of an instance in stored order; none when it holds no picture. `url` is the instance's DICOMweb address. */
export function framesOf(instance: DataSet, url: string): Frame[] {
  const rows = number(instance, "00280010") ?? 0;
  const columns = number(instance, "00280011") ?? 0;
  if (!(rows > 0 && columns > 0 && rows <= 65_535 && columns <= 65_535)) return [];
  const count = Math.min(Math.max(1, Math.trunc(number(instance, "00280008") ?? 1)), MOST_FRAMES);
  const shared = item(instance, "52009229");
  const perFrame = items(instance, "52009230");
  const common = { ...commonOf(instance), instance, url, rows, columns, of: count };
  return Array.from({ length: count }, (_, index) => frameOf(common, shared, perFrame[index], index + 1));
}

function commonOf(instance: DataSet) {
  const transferSyntax = text(instance, "00083002") || text(instance, "00020010");
  const lossy = text(instance, "00282110") === "01" || LOSSY_SYNTAXES.has(transferSyntax);
  return {
    sop: text(instance, "00080018"),
    sopClass: text(instance, "00080016"),
    instanceNumber: number(instance, "00200013"),
    transferSyntax,
    modality: text(instance, "00080060"),
    photometric: text(instance, "00280004"),
    frameOfReference: text(instance, "00200052"),
    regions: regionsOf(instance),
    patientOrientation: labelsOf(texts(instance, "00200020")),
    lossy: lossy ? { ratio: numbers(instance, "00282112").at(-1) } : undefined,
    date: text(instance, "00080022") || text(instance, "00080023") || text(instance, "00080020"),
    time: text(instance, "00080032") || text(instance, "00080033") || text(instance, "00080030"),
    frameMs: frameMsOf(instance),
    laterality: text(instance, "00200062") || text(instance, "00200060"),
    viewPosition: text(instance, "00185101"),
    aspect: aspectOf(numbers(instance, "00280034")),
  };
}

type Common = ReturnType<typeof commonOf> & Pick<Frame, "instance" | "url" | "rows" | "columns" | "of">;

/** Enhanced images keep place, spacing, window and rescale in functional groups: the frame's own before the shared ones (PS3.3 §C.7.6.16). */
function frameOf(common: Common, shared: DataSet | undefined, own: DataSet | undefined, frameNumber: number): Frame {
  const { instance } = common;
  const group = (tag: string): DataSet => (own && item(own, tag)) ?? (shared && item(shared, tag)) ?? instance;
  const orientation = numbers(group("00209116"), "00200037");
  const measures = group("00289110");
  const spacing = spacingOf(measures, instance);
  const rescale = rescaleOf(group("00289145"));
  return {
    ...common,
    number: frameNumber,
    rescale,
    units: unitsOf(common.modality, rescale, text(instance, "00541001")),
    windows: windowsOf(group("00289132")),
    position: vec3(numbers(group("00209113"), "00200032")),
    row: vec3(orientation),
    column: vec3(orientation, 3),
    spacing: spacing?.values,
    spacingAt: spacing?.at ?? "none",
    thickness: number(measures, "00180050"),
  };
}

function windowsOf(from: DataSet): Window[] {
  const widths = numbers(from, "00281051");
  return numbers(from, "00281050").flatMap((center, index) => {
    const width = widths[index] ?? widths[0];
    return width !== undefined && width > 0 ? [{ center, width }] : [];
  });
}

function rescaleOf(from: DataSet): Frame["rescale"] {
  const slope = number(from, "00281053");
  const intercept = number(from, "00281052");
  if (slope === undefined && intercept === undefined) return undefined;
  return { slope: slope || 1, intercept: intercept ?? 0, type: text(from, "00281054") };
}

/**
 * The unit of a pixel's value after rescale, or "" when nothing says what it is: a CT number is in Hounsfield units only where
 * it was rescaled to them (PS3.3 §C.8.2.1.1.2), and a PET value in what Units (0054,1001) names.
 */
export function unitsOf(modality: string, rescale: Frame["rescale"], petUnits: string): string {
  if (modality === "PT" && petUnits) return PET_UNITS[petUnits] ?? petUnits;
  if (!rescale) return "";
  const type = rescale.type.toUpperCase();
  if (type === "HU" || type === "HU_MOD" || (modality === "CT" && type === "")) return "HU";
  return type === "US" || type === "" ? "" : rescale.type;
}
const PET_UNITS: Readonly<Record<string, string>> = { BQML: "Bq/ml", GML: "g/ml", CNTS: "counts", PROPCNTS: "" };

function spacingOf(measures: DataSet, instance: DataSet) {
  const pair = (from: DataSet, tag: string): readonly [number, number] | undefined => {
    const [row, column] = numbers(from, tag);
    return row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : undefined;
  };
  const patient = pair(measures, "00280030");
  if (patient) return { values: patient, at: "patient" as const };
  const detector = pair(instance, "00181164") ?? pair(instance, "00182010");
  return detector && { values: detector, at: "detector" as const };
}

function aspectOf([vertical, horizontal]: number[]): readonly [number, number] {
  return vertical !== undefined && horizontal !== undefined && vertical > 0 && horizontal > 0
    ? [vertical, horizontal]
    : [1, 1];
}

function labelsOf([row, column]: string[]): readonly [string, string] | undefined {
  return row && column ? [row, column] : undefined;
}

/** Milliseconds from one frame to the next as recommended: display rate, cine rate, frame time (PS3.3 §C.7.6.5). */
function frameMsOf(instance: DataSet): number | undefined {
  const rate = number(instance, "00082144") ?? number(instance, "00180040");
  if (rate !== undefined && rate > 0) return 1000 / rate;
  const time = number(instance, "00181063") ?? numbers(instance, "00181065")[1];
  return time !== undefined && time > 0 ? time : undefined;
}
