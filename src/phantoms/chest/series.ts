import { chestFilm, FILM, FILM_WINDOW } from "#phantoms/chest/film.ts";
import type { Chest } from "#phantoms/chest/thorax.ts";
import { bytesOf, code, commonAttributes, contentTime, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { Setting } from "#phantoms/record/setting.ts";
import type { Attributes } from "#standards/dicom/build.ts";

/** PS3.4 annex B.5. */
const DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1";

/** PS3.3 §C.8.11.1, §C.8.11.3 and §C.8.11.4: what every digital projection image for presentation says of itself. */
export function projectionAttributes(spacing: number, bits: number): Attributes {
  return {
    PresentationIntentType: "FOR PRESENTATION",
    ImageType: ["DERIVED", "PRIMARY"],
    SamplesPerPixel: 1,
    PhotometricInterpretation: "MONOCHROME2",
    BitsAllocated: 16,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    PixelIntensityRelationship: "LOG",
    PixelIntensityRelationshipSign: -1,
    RescaleIntercept: 0,
    RescaleSlope: 1,
    RescaleType: "US",
    PresentationLUTShape: "IDENTITY",
    LossyImageCompression: "00",
    BurnedInAnnotation: "NO",
    ImagerPixelSpacing: [spacing, spacing],
    DetectorType: "DIRECT",
    DetectorConfiguration: "AREA",
    DetectorID: "SL-D1",
    DetectorActiveShape: "RECTANGLE",
    AcquisitionContextSequence: [],
  };
}

/** A chest from in front, 2000 × 2400 pixels of 14 bits. */
export function* chestSeries(setting: Setting, chest: Chest): Generator<Instance> {
  const film = chestFilm({ ...chest, label: `${setting.studyUid}/${chest.label}` });
  yield instanceOf(DX_FOR_PRESENTATION, setting.uid("dx/1"), {
    ...commonAttributes(setting, {
      modality: "DX",
      number: 1,
      description: "Chest PA",
      station: "DR1",
      model: "Phantom DR 43",
      protocol: "Chest PA",
      operator: "Zulu^Nomvula",
    }),
    ...projectionAttributes(FILM.spacing, FILM.bits),
    ...contentTime(setting, 45),
    InstanceNumber: 1,
    AcquisitionNumber: 1,
    BodyPartExamined: "CHEST",
    ImageLaterality: "U",
    AnatomicRegionSequence: [code("51185008", "SCT", "Chest")],
    PatientOrientation: ["L", "F"],
    ViewPosition: "PA",
    ViewCodeSequence: [{ ...code("399348003", "SCT", "postero-anterior"), ViewModifierCodeSequence: [] }],
    PositionerType: "NONE",
    KVP: 125,
    ExposureInuAs: 1600,
    Exposure: 2,
    ExposureTime: 8,
    XRayTubeCurrent: 250,
    DistanceSourceToDetector: 1800,
    Grid: ["FOCUSED"],
    ExposureIndex: 262,
    TargetExposureIndex: 250,
    DeviationIndex: 0.2,
    Rows: FILM.rows,
    Columns: FILM.columns,
    PixelSpacing: [FILM.spacing, FILM.spacing],
    PixelSpacingCalibrationType: "GEOMETRY",
    PixelSpacingCalibrationDescription: "Detector plane",
    WindowCenter: FILM_WINDOW.center,
    WindowWidth: FILM_WINDOW.width,
    WindowCenterWidthExplanation: "NORMAL",
    "PixelData:OW": bytesOf(film),
  });
}
