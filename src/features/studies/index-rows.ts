import type { SecretKey } from "#features/keys/keyring.ts";

/** What the index keeps of one received instance: the search columns in clear, the rest sealed. Texts are decoded and free of NUL. */
export type InstanceRow = {
  id: string;
  sopInstanceUid: string;
  sopClassUid: string;
  transferSyntax: string;
  number: number | null;
  rows: number | null;
  columns: number | null;
  bitsAllocated: number | null;
  frames: number | null;
  photometric: string | null;
  blob: string;
  bytes: number;
  dataSetOffset: number;
  objectKey: SecretKey;
  /** Sealed under the object's key: the compressed DICOM JSON; the frame index and where the bulk data lies. */
  header: Buffer;
  frameIndex: Buffer;
  source: string;
};

export type SeriesAttributes = {
  seriesUid: string;
  modality: string;
  number: number | null;
  description: string;
  bodyPart: string;
  laterality: string;
  date: string;
  time: string;
  ppsStartDate: string;
  ppsStartTime: string;
  spsId: string;
  requestedProcedureId: string;
};

export type StudyAttributes = {
  studyUid: string;
  date: string;
  time: string;
  accession: string;
  studyId: string;
  description: string;
  referringPhysician: string;
};

export type PatientAttributes = { issuer: string; patientId: string; name: string; birthDate: string; sex: string };

export type IndexEntry = {
  instance: InstanceRow;
  series: SeriesAttributes;
  study: StudyAttributes;
  patient: PatientAttributes;
  /** What stands before DICM is neither nothing nor a TIFF header: the record says so. */
  unusualPreamble: boolean;
};

/** Text as study_search holds it: compatibility form, without marks, lower case, one space between words. */
export function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\^=\s,]+/g, " ")
    .trim()
    .slice(0, 400);
}
