import { type Binary, binary, type DataSet, item, items, number, numbers, text, texts } from "./json.ts";
import { type Region, regionsOf } from "./regions.ts";
import { type Vec3, vec3 } from "./vector.ts";

export type Window = { readonly center: number; readonly width: number };
export type Lut = { readonly first: number; readonly bits: number; readonly entries: readonly number[] };
export type Palette = {
  readonly descriptor: readonly [number, number, number];
  readonly data: Binary;
  readonly segmented: boolean;
};

/** How the pixels of a frame are stored (PS3.3 §C.7.6.3). */
export type PixelFormat = {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly photometric: string;
  readonly planar: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly float: boolean;
};

/** One picture: a frame of an instance, with all that showing and measuring it needs. */
export type Frame = {
  readonly sop: string;
  readonly sopClass: string;
  readonly number: number;
  readonly of: number;
  readonly instanceNumber: number | undefined;
  readonly url: string;
  readonly transferSyntax: string;
  readonly modality: string;
  readonly format: PixelFormat;
  readonly rescale: { readonly slope: number; readonly intercept: number; readonly type: string } | undefined;
  readonly modalityLut: Lut | undefined;
  readonly voiLut: Lut | undefined;
  readonly windows: readonly Window[];
  readonly voiFunction: string;
  readonly palette: { readonly red: Palette; readonly green: Palette; readonly blue: Palette } | undefined;
  readonly units: string;
  readonly suvUnits: string;
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

const LOSSY_SYNTAXES = new Set([
  "1.2.840.10008.1.2.4.50",
  "1.2.840.10008.1.2.4.51",
  "1.2.840.10008.1.2.4.81",
  "1.2.840.10008.1.2.4.203",
]);

/** The most frames read of one instance: more would be a mistake or an attack. */
const MOST_FRAMES = 20_000;

/** All frames of an instance in stored order; none when it holds no picture. `url` is the instance's DICOMweb address. */
export function framesOf(instance: DataSet, url: string): Frame[] {
  const format = formatOf(instance);
  if (!format) return [];
  const count = Math.min(Math.max(1, Math.trunc(number(instance, "00280008") ?? 1)), MOST_FRAMES);
  const shared = item(instance, "52009229");
  const perFrame = items(instance, "52009230");
  const common = commonOf(instance, url, format, count);
  return Array.from({ length: count }, (_, index) => frameOf(instance, shared, perFrame[index], common, index + 1));
}

function formatOf(instance: DataSet): PixelFormat | undefined {
  const rows = number(instance, "00280010") ?? 0;
  const columns = number(instance, "00280011") ?? 0;
  if (!(rows > 0 && columns > 0 && rows <= 65_535 && columns <= 65_535)) return undefined;
  const bitsAllocated = number(instance, "00280100") ?? 16;
  const bitsStored = number(instance, "00280101") ?? bitsAllocated;
  return {
    rows,
    columns,
    samples: number(instance, "00280002") ?? 1,
    photometric: text(instance, "00280004") || "MONOCHROME2",
    planar: number(instance, "00280006") ?? 0,
    bitsAllocated,
    bitsStored,
    highBit: number(instance, "00280102") ?? bitsStored - 1,
    signed: number(instance, "00280103") === 1,
    float: "7FE00008" in instance || "7FE00009" in instance,
  };
}

type Common = ReturnType<typeof commonOf>;
function commonOf(instance: DataSet, url: string, format: PixelFormat, count: number) {
  const transferSyntax = text(instance, "00083002") || text(instance, "00020010");
  const lossy = text(instance, "00282110") === "01" || LOSSY_SYNTAXES.has(transferSyntax);
  const modality = text(instance, "00080060");
  return {
    sop: text(instance, "00080018"),
    sopClass: text(instance, "00080016"),
    of: count,
    instanceNumber: number(instance, "00200013"),
    url,
    transferSyntax,
    modality,
    format,
    palette: paletteOf(instance),
    modalityLut: lutOf(item(instance, "00283000")),
    suvUnits: text(instance, "00541001"),
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

function frameOf(
  instance: DataSet,
  shared: DataSet | undefined,
  own: DataSet | undefined,
  common: Common,
  frameNumber: number,
): Frame {
  const group = (tag: string): DataSet => (own && item(own, tag)) ?? (shared && item(shared, tag)) ?? instance;
  const orientation = numbers(group("00209116"), "00200037");
  const measures = group("00289110");
  const voi = group("00289132");
  const spacing = spacingOf(measures, instance);
  const rescale = rescaleOf(group("00289145"));
  return {
    ...common,
    number: frameNumber,
    rescale,
    units: unitsOf(common.modality, rescale, common.suvUnits),
    voiLut: lutOf(item(voi, "00283010")),
    windows: windowsOf(voi),
    voiFunction: text(voi, "00281056"),
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

/** The unit of a pixel's value after rescale, or "" when nothing says what it is. A CT number is a Hounsfield unit only where it was rescaled to one (PS3.3 §C.8.2.1.1.2). */
function unitsOf(modality: string, rescale: Frame["rescale"], suvUnits: string): string {
  if (modality === "PT" && suvUnits) return suvUnits === "BQML" ? "Bq/ml" : suvUnits === "GML" ? "g/ml" : suvUnits;
  if (!rescale) return "";
  const type = rescale.type.toUpperCase();
  if (type === "HU" || type === "HU_MOD") return "HU";
  if (modality === "CT" && type === "") return "HU";
  return type === "US" || type === "" ? "" : rescale.type;
}

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

function paletteOf(instance: DataSet): Frame["palette"] {
  const colour = (descriptor: string, plain: string, segmented: string): Palette | undefined => {
    const [count, first, bits] = numbers(instance, descriptor);
    const data = binary(instance, plain) ?? binary(instance, segmented);
    if (count === undefined || first === undefined || bits === undefined || !data) return undefined;
    return { descriptor: [count === 0 ? 65_536 : count, first, bits], data, segmented: !binary(instance, plain) };
  };
  const red = colour("00281101", "00281201", "00281221");
  const green = colour("00281102", "00281202", "00281222");
  const blue = colour("00281103", "00281203", "00281223");
  return red && green && blue ? { red, green, blue } : undefined;
}

function lutOf(from: DataSet | undefined): Lut | undefined {
  if (!from) return undefined;
  const [count, first, bits] = numbers(from, "00283002");
  if (count === undefined || first === undefined || bits === undefined) return undefined;
  const held = binary(from, "00283006");
  let entries = numbers(from, "00283006");
  if (held && "inline" in held) {
    const { buffer, byteOffset, byteLength } = held.inline;
    entries = [...new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength - (byteLength % 2)))];
  }
  return entries.length > 1 ? { first, bits, entries } : undefined;
}
