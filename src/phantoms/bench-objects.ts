import { Fault } from "#kit/fault.ts";
import { axialPlane, cleanSlice, INTERCEPT, storedSlice } from "#phantoms/ct/scanner.ts";
import { CT_IMAGE_STORAGE } from "#phantoms/ct/series.ts";
import { randomOf } from "#phantoms/image/random.ts";
import { bytesOf, type Instance, instanceOf } from "#phantoms/record/modules.ts";
import type { Attributes } from "#standards/dicom/build.ts";

/** Decimal places of the UIDs below, so that another one fits exactly where one stood. */
const DIGITS = 32;
const ROOT = "2.25.7";
const STUDY = `${ROOT}${"1".repeat(DIGITS)}`;
const SERIES = `${ROOT}${"2".repeat(DIGITS)}`;
const INSTANCE = `${ROOT}${"3".repeat(DIGITS)}`;

type Template = {
  readonly bytes: Buffer;
  readonly study: number[];
  readonly series: number[];
  readonly instance: number[];
};
const templates = new Map<number, Template>();

const BENCH_PATIENT: Attributes = {
  PatientName: "Bench^Slice",
  PatientID: "BENCH-1",
  PatientBirthDate: "19700101",
  PatientSex: "O",
  StudyDate: "20260101",
  StudyTime: "080000",
  StudyID: "1",
  AccessionNumber: "BENCH-1",
  ReferringPhysicianName: "",
  SeriesNumber: 1,
  Laterality: "",
  PatientOrientation: "",
  Manufacturer: "Safelight Phantoms",
};

function placesOf(bytes: Buffer, uid: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(uid, 0, "latin1"); at >= 0; at = bytes.indexOf(uid, at + 1, "latin1")) places.push(at);
  return places;
}

/** The middle of a head slice, `size` × `size`, with every element that a CT needs. */
function templateOf(size: number): Template {
  const whole = storedSlice(
    cleanSlice(20, { brain: { atrophy: 0.2 } }, { turn: [0, 0, 0], move: [0, 0, 0], scale: 1 }),
    5,
    randomOf("bench"),
  );
  const pixels = new Int16Array(size * size);
  for (let at = 0; at < pixels.length; at++) {
    const i = at % size;
    pixels[at] = whole[(((at - i) / size) % 512) * 512 + (i % 512)] as number;
  }
  const { part10 } = instanceOf(CT_IMAGE_STORAGE, INSTANCE, {
    ...BENCH_PATIENT,
    Modality: "CT",
    PatientPosition: "HFS",
    StudyInstanceUID: STUDY,
    SeriesInstanceUID: SERIES,
    ImageType: ["ORIGINAL", "PRIMARY", "AXIAL"],
    InstanceNumber: 1,
    AcquisitionNumber: 1,
    FrameOfReferenceUID: "2.25.7",
    PositionReferenceIndicator: "",
    ImagePositionPatient: [...axialPlane(20).origin],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [0.46875, 0.46875],
    SliceThickness: 1.25,
    KVP: 120,
    SamplesPerPixel: 1,
    PhotometricInterpretation: "MONOCHROME2",
    Rows: size,
    Columns: size,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    RescaleIntercept: INTERCEPT,
    RescaleSlope: 1,
    RescaleType: "HU",
    WindowCenter: 40,
    WindowWidth: 80,
    "PixelData:OW": bytesOf(pixels),
  });
  const bytes = Buffer.from(part10);
  return { bytes, study: placesOf(bytes, STUDY), series: placesOf(bytes, SERIES), instance: placesOf(bytes, INSTANCE) };
}

function numbered(number: number | bigint): string {
  const digits = String(number);
  if (!/^\d+$/.test(digits) || digits.length > DIGITS - 1) {
    throw new Fault("input.invalid", `a UID suffix has at most ${DIGITS - 1} decimal digits`);
  }
  return `${ROOT}1${digits.padStart(DIGITS - 1, "0")}`;
}

/**
 * A CT slice for load tests: `size` × `size` pixels of 16 bits (512: 0.5 MB), explicit VR little endian, for the price of
 * a copy. `uidSuffix` makes its SOP Instance UID, `study` those of its study and series. Throws `input.invalid` for
 * suffixes of more than 31 digits.
 */
export function syntheticCtSlice({
  uidSuffix,
  study = 0,
  size = 512,
}: {
  uidSuffix: number | bigint;
  study?: number;
  size?: number;
}): Instance {
  const template = templates.get(size) ?? templateOf(size);
  templates.set(size, template);
  const part10 = Buffer.from(template.bytes);
  const sopInstanceUid = numbered(uidSuffix);
  for (const at of template.instance) part10.write(sopInstanceUid, at, "latin1");
  for (const at of template.study) part10.write(numbered(study).replace(/^2\.25\.71/, "2.25.72"), at, "latin1");
  for (const at of template.series) part10.write(numbered(study).replace(/^2\.25\.71/, "2.25.73"), at, "latin1");
  return { sopInstanceUid, part10: new Uint8Array(part10.buffer, part10.byteOffset, part10.length) };
}

/** PS3.4 annex B.5: Multi-frame Grayscale Word Secondary Capture Image Storage. */
const MULTIFRAME_WORD_STORAGE = "1.2.840.10008.5.1.4.1.1.7.3";

const FRAME_SIDE = 1024;
const FRAME_BYTES = FRAME_SIDE * FRAME_SIDE * 2;

/** A file that is too large for memory: its UID, its length in bytes, and its bytes piece by piece. */
export type BigFile = {
  readonly sopInstanceUid: string;
  readonly length: number;
  readonly chunks: Iterable<Uint8Array>;
};

function* piecesOf(head: Uint8Array, frames: number): Generator<Uint8Array> {
  yield head;
  const pattern = new Uint16Array(FRAME_SIDE * FRAME_SIDE);
  const random = randomOf("big");
  for (let at = 0; at < pattern.length; at++) pattern[at] = ((at & 1023) + (at >> 10) + random.below(64)) & 0xfff;
  for (let frame = 0; frame < frames; frame++) {
    const pixels = pattern.slice();
    pixels[0] = frame & 0xfff; // no two frames are alike
    yield bytesOf(pixels);
  }
}

/**
 * A multi-frame object whose pixel data holds at least `bytes` bytes (whole frames of 2 MiB), made while it is read: one
 * frame is in memory. Throws `input.too-large` beyond what a defined length can say (PS3.5 §7.1.1).
 */
export function bigMultiframe({ bytes, uidSuffix = 0 }: { bytes: number; uidSuffix?: number }): BigFile {
  const frames = Math.max(1, Math.ceil(bytes / FRAME_BYTES));
  const length = frames * FRAME_BYTES;
  if (length > 0xfffffffe) throw new Fault("input.too-large", "native pixel data has at most 4 GiB less two bytes");
  const sopInstanceUid = numbered(uidSuffix).replace(/^2\.25\.71/, "2.25.74");
  const { part10 } = instanceOf(MULTIFRAME_WORD_STORAGE, sopInstanceUid, {
    ...BENCH_PATIENT,
    Modality: "OT",
    ConversionType: "WSD",
    StudyInstanceUID: numbered(uidSuffix).replace(/^2\.25\.71/, "2.25.75"),
    SeriesInstanceUID: numbered(uidSuffix).replace(/^2\.25\.71/, "2.25.76"),
    InstanceNumber: 1,
    BurnedInAnnotation: "NO",
    NumberOfFrames: frames,
    FrameIncrementPointer: "00181063",
    FrameTime: 40,
    SamplesPerPixel: 1,
    PhotometricInterpretation: "MONOCHROME2",
    Rows: FRAME_SIDE,
    Columns: FRAME_SIDE,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    RescaleIntercept: 0,
    RescaleSlope: 1,
    RescaleType: "US",
    PresentationLUTShape: "IDENTITY",
    "PixelData:OW": new Uint8Array(0),
  });
  const head = Buffer.from(part10);
  head.writeUInt32LE(length, head.length - 4); // the empty pixel data's length, last in the file
  return { sopInstanceUid, length: head.length + length, chunks: piecesOf(new Uint8Array(head), frames) };
}
