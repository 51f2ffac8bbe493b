import type { JsonDataSet, JsonElement, JsonValue } from "#standards/dicom/json.ts";
import { personNameOf } from "#standards/dicom/values.ts";
import type { Vr } from "#standards/dicom/vr.ts";

/** A row of a search, at whatever level. */
export type Found = {
  organisation: string;
  study: string;
  study_uid: string;
  patient_id: string;
  issuer: string;
  patient_name: string;
  birth_date: string;
  sex: string;
  study_date: string;
  study_time: string;
  accession: string;
  study_id: string;
  description: string;
  referring_physician: string;
  modalities: string[];
  series_count: number;
  instance_count: number;
  series?: string;
  series_uid?: string;
  modality?: string;
  series_number?: number | null;
  series_description?: string;
  body_part?: string;
  series_date?: string;
  series_time?: string;
  pps_start_date?: string;
  pps_start_time?: string;
  sps_id?: string;
  requested_procedure_id?: string;
  series_instances?: number;
  instance?: string;
  sop_instance_uid?: string;
  sop_class_uid?: string;
  transfer_syntax?: string;
  instance_number?: number | null;
  rows?: number | null;
  columns?: number | null;
  bits_allocated?: number | null;
  frames?: number | null;
};

function element(vr: Vr, ...values: (JsonValue | undefined)[]): JsonElement {
  const Value = values.filter((value): value is JsonValue => value !== undefined && value !== null && value !== "");
  return Value.length === 0 ? { vr } : { vr, Value };
}

function name(text: string): JsonElement {
  if (text === "") return { vr: "PN" };
  const { alphabetic, ideographic, phonetic } = personNameOf(text);
  return {
    vr: "PN",
    Value: [
      {
        ...(alphabetic ? { Alphabetic: alphabetic } : {}),
        ...(ideographic ? { Ideographic: ideographic } : {}),
        ...(phonetic ? { Phonetic: phonetic } : {}),
      },
    ],
  };
}

/** PS3.18 table 10.6.3-3. */
export function studyJson(row: Found, base: string): JsonDataSet {
  return {
    "00080005": element("CS", "ISO_IR 192"),
    "00080020": element("DA", row.study_date),
    "00080030": element("TM", row.study_time),
    "00080050": element("SH", row.accession),
    "00080056": element("CS", "ONLINE"),
    "00080061": element("CS", ...row.modalities),
    "00080090": name(row.referring_physician),
    "00081030": element("LO", row.description),
    "00081190": element("UR", `${base}/studies/${row.study_uid}`),
    "00100010": name(row.patient_name),
    "00100020": element("LO", row.patient_id),
    "00100021": element("LO", row.issuer),
    "00100030": element("DA", row.birth_date),
    "00100040": element("CS", row.sex),
    "0020000D": element("UI", row.study_uid),
    "00200010": element("SH", row.study_id),
    "00201206": element("IS", row.series_count),
    "00201208": element("IS", row.instance_count),
  };
}

/** PS3.18 table 10.6.3-4, with the study's attributes as relational searches want them. */
export function seriesJson(row: Found, base: string): JsonDataSet {
  const request =
    row.sps_id || row.requested_procedure_id
      ? [{ "00400009": element("SH", row.sps_id), "00401001": element("SH", row.requested_procedure_id) }]
      : [];
  return {
    ...studyJson(row, base),
    "00080021": element("DA", row.series_date),
    "00080031": element("TM", row.series_time),
    "00080060": element("CS", row.modality),
    "0008103E": element("LO", row.series_description),
    "00081190": element("UR", `${base}/studies/${row.study_uid}/series/${row.series_uid}`),
    "00180015": element("CS", row.body_part),
    "0020000E": element("UI", row.series_uid),
    "00200011": element("IS", row.series_number),
    "00201209": element("IS", row.series_instances),
    "00400244": element("DA", row.pps_start_date),
    "00400245": element("TM", row.pps_start_time),
    "00400275": element("SQ", ...request),
  };
}

/** PS3.18 table 10.6.3-5. */
export function instanceJson(row: Found, base: string): JsonDataSet {
  return {
    ...seriesJson(row, base),
    "00080016": element("UI", row.sop_class_uid),
    "00080018": element("UI", row.sop_instance_uid),
    "00081190": element(
      "UR",
      `${base}/studies/${row.study_uid}/series/${row.series_uid}/instances/${row.sop_instance_uid}`,
    ),
    "00083002": element("UI", row.transfer_syntax),
    "00200013": element("IS", row.instance_number),
    "00280008": element("IS", row.frames),
    "00280010": element("US", row.rows),
    "00280011": element("US", row.columns),
    "00280100": element("US", row.bits_allocated),
  };
}
