import { commonAttributes, contentTime, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { Setting } from "#phantoms/record/setting.ts";
import { ultrasoundLoop } from "#phantoms/ultrasound/loop.ts";
import { FAN, FAN_BOX, FRAME_TIME, SCREEN } from "#phantoms/ultrasound/probe.ts";
import type { Attributes } from "#standards/dicom/build.ts";

/** PS3.4 annex B.5. */
const US_MULTIFRAME_STORAGE = "1.2.840.10008.5.1.4.1.1.3.1";

/** PS3.3 §C.8.5.5: where on the screen the fan is, and how large its pixels are. */
function fanRegion(): Attributes {
  const cm = 1 / FAN.pixelsPerCm;
  return {
    RegionSpatialFormat: 1,
    RegionDataType: 1,
    RegionFlags: 2,
    RegionLocationMinX0: FAN_BOX.left,
    RegionLocationMinY0: FAN_BOX.top,
    RegionLocationMaxX1: FAN_BOX.right,
    RegionLocationMaxY1: Math.min(FAN_BOX.bottom, SCREEN.rows - 1),
    ReferencePixelX0: FAN.apexX - FAN_BOX.left,
    ReferencePixelY0: FAN.apexY + FAN.skin - FAN_BOX.top,
    ReferencePixelPhysicalValueX: 0,
    ReferencePixelPhysicalValueY: 0,
    PhysicalUnitsXDirection: 3,
    PhysicalUnitsYDirection: 3,
    PhysicalDeltaX: cm,
    PhysicalDeltaY: cm,
    TransducerFrequency: 3500,
  };
}

const dashed = (date: string): string => `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`;

/** A colour loop of an abdomen, with name and number of the patient in the pixels. */
export function* ultrasoundSeries(setting: Setting, frames: number): Generator<Instance> {
  const { patient, clinic } = setting.recipe;
  const [family = "", given = ""] = (patient.name.split("=")[0] ?? "").split("^");
  const time = setting.timeAt(75);
  const pixels = ultrasoundLoop(
    frames,
    {
      clinic: clinic.name,
      name: `${family}, ${given}`,
      id: patient.id,
      born: dashed(patient.born),
      date: dashed(setting.date),
      time: `${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}`,
    },
    setting.studyUid,
  );
  yield instanceOf(US_MULTIFRAME_STORAGE, setting.uid("us/1"), {
    ...commonAttributes(setting, {
      modality: "US",
      number: 1,
      description: "Abdomen, colour flow",
      station: "US1",
      model: "Phantom Sono",
      protocol: "Abdomen",
      operator: "Zulu^Nomvula",
    }),
    ...contentTime(setting, 75),
    ImageType: ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0011"],
    InstanceNumber: 1,
    BodyPartExamined: "ABDOMEN",
    PatientOrientation: "",
    TransducerType: "CURVED LINEAR",
    ProcessingFunction: "2D AND COLOR FLOW",
    SequenceOfUltrasoundRegions: [fanRegion()],
    UltrasoundColorDataPresent: 1,
    BurnedInAnnotation: "YES",
    LossyImageCompression: "00",
    NumberOfFrames: frames,
    FrameIncrementPointer: "00181063",
    FrameTime: FRAME_TIME,
    CineRate: Math.round(1000 / FRAME_TIME),
    RecommendedDisplayFrameRate: Math.round(1000 / FRAME_TIME),
    StartTrim: 1,
    StopTrim: frames,
    SamplesPerPixel: 3,
    PhotometricInterpretation: "RGB",
    PlanarConfiguration: 0,
    Rows: SCREEN.rows,
    Columns: SCREEN.columns,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    "PixelData:OB": pixels,
  });
}
