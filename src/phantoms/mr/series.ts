import type { Head } from "#phantoms/head/bleed.ts";
import { FLAIR, type Palette, T1, T2 } from "#phantoms/head/materials.ts";
import { type Pose, planeInHead } from "#phantoms/head/pose.ts";
import { headSlice } from "#phantoms/head/slice.ts";
import { randomOf } from "#phantoms/image/random.ts";
import { along, cross, type Plane, turned, type Vec } from "#phantoms/image/shape.ts";
import { bytesOf, commonAttributes, contentTime, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { ContentRecipe } from "#phantoms/record/recipe.ts";
import type { Setting } from "#phantoms/record/setting.ts";
import type { Attributes } from "#standards/dicom/build.ts";

/** PS3.4 annex B.5. */
const MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4";

const MATRIX = 256;
const SPACING = 0.9;
const SLICES = 30;
const GAP = 4.8; // millimetres from slice to slice, of which 4 are imaged

type Contrast = {
  readonly number: number;
  readonly description: string;
  readonly palette: Palette;
  readonly repetition: number;
  readonly echo: number;
  readonly train: number;
  readonly sequence: "SE" | "IR";
  readonly inversion?: number;
  readonly window: readonly [center: number, width: number];
};

const CONTRASTS: readonly Contrast[] = [
  {
    number: 1,
    description: "AX T2 TSE",
    palette: T2,
    repetition: 4800,
    echo: 98,
    train: 15,
    sequence: "SE",
    window: [560, 1150],
  },
  {
    number: 2,
    description: "AX T1 SE",
    palette: T1,
    repetition: 520,
    echo: 11,
    train: 1,
    sequence: "SE",
    window: [480, 960],
  },
  {
    number: 3,
    description: "AX FLAIR",
    palette: FLAIR,
    repetition: 9000,
    echo: 120,
    train: 19,
    sequence: "IR",
    inversion: 2500,
    window: [350, 720],
  },
];

/** The plane of a slice: tilted about the patient's left-right axis, and a little about the other two. */
function planeOf(index: number, tilt: number): Plane {
  const turn: Vec = [tilt, tilt * 0.2, tilt * -0.3];
  const right = turned([1, 0, 0], turn);
  const down = turned([0, 1, 0], turn);
  const up = cross(right, down);
  const centre = along([0, 2, 14], up, (index - (SLICES - 1) / 2) * GAP);
  const half = ((MATRIX - 1) * SPACING) / 2;
  return {
    origin: along(along(centre, right, -half), down, -half),
    right,
    down,
    spacing: SPACING,
    columns: MATRIX,
    rows: MATRIX,
  };
}

/** Signal as a coil sees it: stronger near it, with the noise of a magnitude picture. */
function acquired(clean: Float32Array, label: string): Uint16Array {
  const random = randomOf(label);
  const stored = new Uint16Array(clean.length);
  for (let at = 0; at < clean.length; at++) {
    const i = at % MATRIX;
    const j = (at - i) / MATRIX;
    const x = i / MATRIX - 0.5;
    const y = j / MATRIX - 0.5;
    const coil = 0.9 + 0.5 * (x * x + y * y) + 0.06 * x;
    // The neighbours' share: a point spreads over its pixel's borders.
    const beside =
      i > 0 && i < MATRIX - 1 ? ((clean[at - 1] as number) + (clean[at + 1] as number)) / 2 : (clean[at] as number);
    const signal = (0.74 * (clean[at] as number) + 0.26 * beside) * coil + 11 * random.gauss();
    const other = 11 * random.gauss();
    stored[at] = Math.min(4095, Math.sqrt(signal * signal + other * other));
  }
  return stored;
}

const rounded = (values: readonly number[]): number[] => values.map((value) => Number(value.toFixed(6)));

/** PS3.3 §C.8.3.1. */
function sequenceAttributes(c: Contrast): Attributes {
  return {
    ScanningSequence: c.sequence === "IR" ? ["SE", "IR"] : c.sequence,
    SequenceVariant: c.train > 1 ? "SK" : "NONE",
    ScanOptions: "",
    MRAcquisitionType: "2D",
    SequenceName: c.train > 1 ? `tse2d1_${c.train}` : "se2d1",
    RepetitionTime: c.repetition,
    EchoTime: c.echo,
    EchoTrainLength: c.train,
    ...(c.inversion === undefined ? {} : { InversionTime: c.inversion }),
    FlipAngle: c.train > 1 ? 150 : 90,
    MagneticFieldStrength: 1.5,
    ImagingFrequency: 63.86,
    ImagedNucleus: "1H",
    NumberOfAverages: 1,
    PixelBandwidth: 200,
    InPlanePhaseEncodingDirection: "ROW",
    PercentSampling: 100,
    PercentPhaseFieldOfView: 100,
    SAR: 0.9,
    SpacingBetweenSlices: GAP,
    SliceThickness: 4,
  };
}

function sliceInstance(
  setting: Setting,
  contrast: Contrast,
  index: number,
  plane: Plane,
  stored: Uint16Array,
): Instance {
  const up = cross(plane.right, plane.down);
  return instanceOf(MR_IMAGE_STORAGE, setting.uid(`mr/${contrast.number}/${index + 1}`), {
    ...commonAttributes(setting, {
      modality: "MR",
      number: contrast.number,
      description: contrast.description,
      station: "MR1",
      model: "Phantom MR 1.5",
      protocol: contrast.description,
      operator: "Zulu^Nomvula",
    }),
    ...sequenceAttributes(contrast),
    ...contentTime(setting, 240 * contrast.number + 5 * index),
    ImageType: ["ORIGINAL", "PRIMARY", "OTHER"],
    InstanceNumber: index + 1,
    AcquisitionNumber: 1,
    FrameOfReferenceUID: setting.uid("frame-of-reference"),
    PositionReferenceIndicator: "",
    PatientPosition: "HFS",
    BodyPartExamined: "BRAIN",
    ImagePositionPatient: rounded(plane.origin),
    ImageOrientationPatient: rounded([...plane.right, ...plane.down]),
    SliceLocation: Number((plane.origin[0] * up[0] + plane.origin[1] * up[1] + plane.origin[2] * up[2]).toFixed(3)),
    PixelSpacing: [SPACING, SPACING],
    SamplesPerPixel: 1,
    PhotometricInterpretation: "MONOCHROME2",
    Rows: MATRIX,
    Columns: MATRIX,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    WindowCenter: contrast.window[0],
    WindowWidth: contrast.window[1],
    "PixelData:OW": bytesOf(stored),
  });
}

type MrHead = Extract<ContentRecipe, { is: "mr-head" }>;

function* contrastSeries(
  setting: Setting,
  contrast: Contrast,
  head: Head,
  pose: Pose,
  tilt: number,
): Generator<Instance> {
  for (let index = 0; index < SLICES; index++) {
    const plane = planeOf(index, tilt);
    const clean = headSlice(planeInHead(plane, pose), contrast.palette, head);
    const stored = acquired(clean, `${setting.studyUid}/mr/${contrast.number}/${index}`);
    yield sliceInstance(setting, contrast, index, plane, stored);
  }
}

/** A head in three contrasts, 30 slices of 256 × 256 each, along planes that `tilt` turns (degrees). */
export function* mrHeadSeries(setting: Setting, { head, pose, tilt }: MrHead): Generator<Instance> {
  for (const contrast of CONTRASTS) yield* contrastSeries(setting, contrast, head, pose, tilt);
}
