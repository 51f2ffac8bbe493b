import { type Breast, MAMMOGRAM, MAMMOGRAM_WINDOW, mammogram } from "#phantoms/breast/mammogram.ts";
import { projectionAttributes } from "#phantoms/chest/series.ts";
import { bytesOf, code, commonAttributes, contentTime, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { ContentRecipe } from "#phantoms/record/recipe.ts";
import type { Setting } from "#phantoms/record/setting.ts";

/** PS3.4 annex B.5. */
const MG_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2";

/** PS3.16 CID 4014. */
const VIEWS = {
  CC: code("399162004", "SCT", "cranio-caudal"),
  MLO: code("399368009", "SCT", "medio-lateral oblique"),
} as const;

/** PS3.3 §C.7.6.1.1.1: where rows and columns point, by side and view. */
const ORIENTATIONS = {
  R: { CC: ["P", "L"], MLO: ["P", "FL"] },
  L: { CC: ["A", "R"], MLO: ["A", "FR"] },
} as const;

function pictureInstance(setting: Setting, breast: Breast, number: number): Instance {
  const { side, view } = breast;
  return instanceOf(MG_FOR_PRESENTATION, setting.uid(`mg/${number}`), {
    ...commonAttributes(setting, {
      modality: "MG",
      number,
      description: `${side} ${view}`,
      station: "MG1",
      model: "Phantom Mammo",
      protocol: "Screening",
      operator: "Zulu^Nomvula",
    }),
    ...projectionAttributes(MAMMOGRAM.spacing, MAMMOGRAM.bits),
    ...contentTime(setting, 90 * number),
    ImageType: ["DERIVED", "PRIMARY", ""],
    InstanceNumber: 1,
    AcquisitionNumber: number,
    BodyPartExamined: "BREAST",
    ImageLaterality: side,
    AnatomicRegionSequence: [code("76752008", "SCT", "Breast")],
    PatientOrientation: [...ORIENTATIONS[side][view]],
    ViewPosition: view,
    ViewCodeSequence: [{ ...VIEWS[view], ViewModifierCodeSequence: [] }],
    PositionerType: "MAMMOGRAPHIC",
    PositionerPrimaryAngle: view === "CC" ? 0 : side === "R" ? 45 : -45,
    OrganExposed: "BREAST",
    BreastImplantPresent: "NO",
    PartialView: "NO",
    KVP: 29,
    ExposureInuAs: 78000,
    Exposure: 78,
    ExposureTime: 980,
    AnodeTargetMaterial: "TUNGSTEN",
    FilterMaterial: "RHODIUM",
    BodyPartThickness: 54,
    CompressionForce: 98,
    OrganDose: 0.0142,
    DistanceSourceToDetector: 660,
    DistanceSourceToPatient: 640,
    EstimatedRadiographicMagnificationFactor: 1.03125,
    FieldOfViewHorizontalFlip: "NO",
    FieldOfViewOrigin: [0, 0],
    FieldOfViewRotation: 0,
    Rows: MAMMOGRAM.rows,
    Columns: MAMMOGRAM.columns,
    WindowCenter: MAMMOGRAM_WINDOW.center,
    WindowWidth: MAMMOGRAM_WINDOW.width,
    WindowCenterWidthExplanation: "NORMAL",
    "PixelData:OW": bytesOf(mammogram(breast)),
  });
}

/** A screening examination: both breasts from above and obliquely, one series each. */
export function* mammographySeries(
  setting: Setting,
  { label, density, mass }: Extract<ContentRecipe, { is: "mammography" }>,
): Generator<Instance> {
  let number = 0;
  for (const view of ["CC", "MLO"] as const) {
    for (const side of ["R", "L"] as const) {
      number += 1;
      yield pictureInstance(setting, { label, side, view, density, mass: mass && side === "R" }, number);
    }
  }
}
