import { createHash } from "node:crypto";
import type { PatientAttributes, SeriesAttributes, StudyAttributes } from "#features/studies/index-rows.ts";
import { Fault } from "#kit/fault.ts";
import type { DataSet } from "#standards/dicom/data-set.ts";
import { acceptUid, uidFromBits } from "#standards/dicom/uid.ts";
import { items, number, text, texts, uid } from "#standards/dicom/values.ts";

/** The search columns of a data set: decoded, trimmed, bounded, free of NUL. PS3.4 §C.6.1.1 and §C.6.2.1 name the keys. */

const LONGEST = 400;

export type Described = {
  sopClassUid: string;
  sopInstanceUid: string;
  patient: PatientAttributes;
  study: StudyAttributes;
  series: SeriesAttributes;
  image: {
    number: number | null;
    rows: number | null;
    columns: number | null;
    bitsAllocated: number | null;
    photometric: string | null;
  };
};

function clean(value: string): string {
  return value
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, LONGEST);
}

const word = (dataSet: DataSet, tag: number): string => clean(text(dataSet, tag) ?? "");
const several = (dataSet: DataSet, tag: number): string => clean(texts(dataSet, tag).join("\\"));

function whole(dataSet: DataSet, tag: number, max = 0x7fffffff): number | null {
  const value = number(dataSet, tag);
  return value !== undefined && Number.isInteger(value) && Math.abs(value) <= max ? value : null;
}

/** What the sender said beside the data set: the request's or the file meta information's UIDs. */
export type Said = { sopClassUid: string | undefined; sopInstanceUid: string | undefined };

function required(dataSet: DataSet, tag: number, name: string, said: string | undefined): string {
  const value = uid(dataSet, tag) ?? (said === undefined ? undefined : acceptUid(said));
  if (value === undefined)
    throw new Fault("dicom.missing", `${name} is missing or is no UID; the object cannot be filed without it.`, {
      place: name,
    });
  return value;
}

/** An object without a study or series (presets, palettes, careless exports) is filed under one of its own, named after the object. PS3.5 §B.2. */
function derived(dataSet: DataSet, tag: number, level: string, sopInstanceUid: string): string {
  return (
    uid(dataSet, tag) ??
    uidFromBits(createHash("sha256").update(`safelight ${level} of ${sopInstanceUid}`).digest().subarray(0, 16))
  );
}

/** @throws Fault dicom.missing that names the UID without which an instance cannot be filed */
export function describeDataSet(dataSet: DataSet, said: Said): Described {
  const sopInstanceUid = required(dataSet, 0x00080018, "(0008,0018) SOPInstanceUID", said.sopInstanceUid);
  const request = items(dataSet, 0x00400275)[0];
  return {
    sopClassUid: required(dataSet, 0x00080016, "(0008,0016) SOPClassUID", said.sopClassUid),
    sopInstanceUid,
    patient: {
      issuer: word(dataSet, 0x00100021),
      patientId: several(dataSet, 0x00100020),
      name: word(dataSet, 0x00100010),
      birthDate: word(dataSet, 0x00100030),
      sex: word(dataSet, 0x00100040),
    },
    study: {
      studyUid: derived(dataSet, 0x0020000d, "study", sopInstanceUid),
      date: word(dataSet, 0x00080020),
      time: word(dataSet, 0x00080030),
      accession: word(dataSet, 0x00080050),
      studyId: word(dataSet, 0x00200010),
      description: several(dataSet, 0x00081030),
      referringPhysician: word(dataSet, 0x00080090),
    },
    series: {
      seriesUid: derived(dataSet, 0x0020000e, "series", sopInstanceUid),
      modality: word(dataSet, 0x00080060),
      number: whole(dataSet, 0x00200011),
      description: several(dataSet, 0x0008103e),
      bodyPart: word(dataSet, 0x00180015),
      laterality: word(dataSet, 0x00200060),
      date: word(dataSet, 0x00080021),
      time: word(dataSet, 0x00080031),
      ppsStartDate: word(dataSet, 0x00400244),
      ppsStartTime: word(dataSet, 0x00400245),
      spsId: request ? word(request, 0x00400009) : "",
      requestedProcedureId: request ? word(request, 0x00401001) : "",
    },
    image: {
      number: whole(dataSet, 0x00200013),
      rows: whole(dataSet, 0x00280010, 65_535),
      columns: whole(dataSet, 0x00280011, 65_535),
      bitsAllocated: whole(dataSet, 0x00280100, 64),
      photometric: word(dataSet, 0x00280004) || null,
    },
  };
}
