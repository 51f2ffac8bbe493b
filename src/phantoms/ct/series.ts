import {
  axialPlane,
  cleanSlice,
  INTERCEPT,
  MATRIX,
  PADDING,
  PIXEL_SPACING,
  shadowFromTheSide,
  storedSlice,
} from "#phantoms/ct/scanner.ts";
import type { Raster } from "#phantoms/image/grid.ts";
import { randomOf } from "#phantoms/image/random.ts";
import { clamp } from "#phantoms/image/shape.ts";
import { bytesOf, code, commonAttributes, contentTime, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { ContentRecipe } from "#phantoms/record/recipe.ts";
import type { Setting } from "#phantoms/record/setting.ts";
import type { Attributes } from "#standards/dicom/build.ts";

/** PS3.4 annex B.5. */
export const CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2";

type CtHead = Extract<ContentRecipe, { is: "ct-head" }>;

const THIN = 1.25;
const LOWEST = -62;
const COUNT = 124;
const IN_THICK = 4;

const SCOUT = { number: 1, description: "Scout", modality: "CT" } as const;
const THICK = { number: 2, description: "Head 5 mm", modality: "CT" } as const;
const FINE = { number: 3, description: "Head 1.25 mm", modality: "CT" } as const;
const MACHINE = {
  station: "CT1",
  model: "Phantom CT 64",
  protocol: "Head without contrast",
  operator: "Zulu^Nomvula",
} as const;

/** The UID of a slice of the 5 mm series, counted from 1: what a report refers to. */
export const thickSliceUid = (setting: Setting, slice: number): string => setting.uid(`ct/thick/${slice}`);

/** PS3.3 §C.8.2.1, §C.7.6.2, §C.7.6.3 and §C.11.2 for one picture. */
function pictureAttributes(setting: Setting, stored: Int16Array, columns: number): Attributes {
  return {
    FrameOfReferenceUID: setting.uid("frame-of-reference"),
    PositionReferenceIndicator: "",
    PatientPosition: "HFS",
    BodyPartExamined: setting.recipe.bodyPart,
    AcquisitionNumber: 1,
    SamplesPerPixel: 1,
    PhotometricInterpretation: "MONOCHROME2",
    Rows: stored.length / columns,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    RescaleIntercept: INTERCEPT,
    RescaleSlope: 1,
    RescaleType: "HU",
    KVP: 120,
    XRayTubeCurrent: 260,
    RotationDirection: "CW",
    FilterType: "HEAD",
    FocalSpots: 0.7,
    GantryDetectorTilt: 0,
    TableHeight: 142,
    "PixelData:OW": bytesOf(stored),
  };
}

function sliceInstance(
  setting: Setting,
  series: typeof THICK | typeof FINE,
  index: number,
  z: number,
  stored: Int16Array,
): Instance {
  const thick = series.number === THICK.number;
  const plane = axialPlane(z);
  const uid = thick ? thickSliceUid(setting, index + 1) : setting.uid(`ct/thin/${index + 1}`);
  return instanceOf(CT_IMAGE_STORAGE, uid, {
    ...commonAttributes(setting, { ...series, ...MACHINE }),
    ...pictureAttributes(setting, stored, MATRIX),
    ...contentTime(setting, 120 + index / 8),
    ImageType: ["ORIGINAL", "PRIMARY", "AXIAL"],
    InstanceNumber: index + 1,
    ImagePositionPatient: plane.origin.map((value) => Number(value.toFixed(4))),
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    SliceLocation: Number(z.toFixed(3)),
    SliceThickness: thick ? THIN * IN_THICK : THIN,
    PixelSpacing: [PIXEL_SPACING, PIXEL_SPACING],
    "PixelPaddingValue:SS": PADDING,
    ReconstructionDiameter: 240,
    DataCollectionDiameter: 250,
    ConvolutionKernel: "SOFT",
    ExposureTime: 1000,
    Exposure: 260,
    CTDIvol: 54.2,
    CTDIPhantomTypeCodeSequence: [code("113690", "DCM", "IEC Head Dosimetry Phantom")],
    WindowCenter: [40, 75, 500],
    WindowWidth: [80, 250, 2500],
    WindowCenterWidthExplanation: ["BRAIN", "SUBDURAL", "BONE"],
  });
}

/** A scout from the side: what weakens the beam, line by line, from the crown down to the skull base. */
function scoutInstance(setting: Setting, lines: readonly Float32Array[], spacingZ: number): Instance {
  const perLine = spacingZ / PIXEL_SPACING;
  const rows = Math.floor((lines.length - 1) * perLine);
  const random = randomOf(`${setting.studyUid}/scout`);
  const stored = new Int16Array(rows * MATRIX);
  for (let j = 0; j < rows; j++) {
    const at = lines.length - 1 - j / perLine;
    const low = Math.floor(at);
    const next = lines[Math.min(low + 1, lines.length - 1)] as Float32Array;
    for (let i = 0; i < MATRIX; i++) {
      const here = (lines[low] as Float32Array)[i] as number;
      const water = here + ((next[i] as number) - here) * (at - low);
      stored[j * MATRIX + i] = Math.round(clamp(-980 + 7.2 * water + 6 * random.gauss(), -1024, 3071)) - INTERCEPT;
    }
  }
  const top = LOWEST + (COUNT - 1) * THIN;
  return instanceOf(CT_IMAGE_STORAGE, setting.uid("ct/scout"), {
    ...commonAttributes(setting, { ...SCOUT, ...MACHINE }),
    ...pictureAttributes(setting, stored, MATRIX),
    ...contentTime(setting, 30),
    ImageType: ["ORIGINAL", "PRIMARY", "LOCALIZER"],
    RescaleType: "US",
    InstanceNumber: 1,
    ImagePositionPatient: [0, -120 + PIXEL_SPACING / 2, top],
    ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
    SliceThickness: 240,
    PixelSpacing: [PIXEL_SPACING, PIXEL_SPACING],
    ExposureTime: 2000,
    Exposure: 40,
    WindowCenter: 250,
    WindowWidth: 1500,
  });
}

function* thickSlices(setting: Setting, sum: Raster, index: number, z: number): Generator<Instance> {
  const mean = sum.map((value) => value / IN_THICK);
  const random = randomOf(`${setting.studyUid}/thick/${index}`);
  yield sliceInstance(setting, THICK, index, z, storedSlice(mean, 2.6, random));
}

/** A head examination: slices from the skull base to the crown as they are made, each set of four also as one of 5 mm, and a scout. */
export function* ctHeadSeries(setting: Setting, content: CtHead): Generator<Instance> {
  const { head, pose, step, withThick } = content;
  const lines: Float32Array[] = [];
  let sum = new Float32Array(MATRIX * MATRIX);
  for (let k = 0; k < COUNT; k += step) {
    const z = LOWEST + k * THIN;
    const clean = cleanSlice(z, head, pose);
    const index = k / step;
    yield sliceInstance(setting, FINE, index, z, storedSlice(clean, 5.2, randomOf(`${setting.studyUid}/thin/${k}`)));
    if (!withThick) continue;
    lines.push(shadowFromTheSide(clean));
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (clean[i] as number) * step;
    if ((k + step) % IN_THICK !== 0) continue;
    const first = k + step - IN_THICK;
    yield* thickSlices(setting, sum, first / IN_THICK, LOWEST + (first + (IN_THICK - 1) / 2) * THIN);
    sum = new Float32Array(MATRIX * MATRIX);
  }
  if (withThick) yield scoutInstance(setting, lines, THIN * step);
}
