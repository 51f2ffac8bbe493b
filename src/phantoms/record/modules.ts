import { ageAt, type Setting } from "#phantoms/record/setting.ts";
import type { Attributes } from "#standards/dicom/build.ts";
import { dataSetOf } from "#standards/dicom/build.ts";
import { EXPLICIT_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { dataSetPieces, fileMetaBytes, joinPieces } from "#standards/dicom/write.ts";

/** One instance of a study, as a file. */
export type Instance = { readonly sopInstanceUid: string; readonly part10: Uint8Array };

/** What a series and the machine that made it are called. */
export type SeriesFacts = {
  readonly modality: string;
  readonly number: number;
  readonly description: string;
  readonly protocol?: string;
  readonly station: string;
  readonly model: string;
  readonly operator?: string;
};

/** PS3.3 §C.7.1 to §C.7.5: patient, study, series and equipment, the same for every kind of object. */
export function commonAttributes(setting: Setting, series: SeriesFacts): Attributes {
  const { recipe, date } = setting;
  const { patient, clinic } = recipe;
  return {
    SpecificCharacterSet: "ISO_IR 192",
    PatientName: patient.name,
    PatientID: patient.id,
    IssuerOfPatientID: clinic.issuer,
    PatientBirthDate: patient.born,
    PatientSex: patient.sex,
    PatientAge: ageAt(patient.born, date),
    StudyInstanceUID: setting.studyUid,
    StudyDate: date,
    StudyTime: setting.timeAt(0),
    StudyID: recipe.accession.slice(-6),
    StudyDescription: recipe.description,
    AccessionNumber: recipe.accession,
    ReferringPhysicianName: recipe.referrer,
    Modality: series.modality,
    SeriesInstanceUID: setting.uid(`series/${series.number}`),
    SeriesNumber: series.number,
    SeriesDescription: series.description,
    SeriesDate: date,
    SeriesTime: setting.timeAt(60 * series.number),
    ...(series.protocol === undefined ? {} : { ProtocolName: series.protocol }),
    ...(series.operator === undefined ? {} : { OperatorsName: series.operator }),
    InstitutionName: clinic.name,
    InstitutionAddress: clinic.address,
    Manufacturer: "Safelight Phantoms",
    ManufacturerModelName: series.model,
    StationName: series.station,
    DeviceSerialNumber: "SL-0001",
    SoftwareVersions: "1.0",
  };
}

/** When one picture was made: `seconds` after the study's begin. */
export function contentTime(setting: Setting, seconds: number): Attributes {
  const time = setting.timeAt(seconds);
  return { ContentDate: setting.date, ContentTime: time, AcquisitionDate: setting.date, AcquisitionTime: time };
}

/** A code of a coding scheme, as the item of a code sequence. PS3.3 §8. */
export const code = (value: string, scheme: string, meaning: string): Attributes => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
});

/** The bytes of little-endian 16-bit samples. */
export const bytesOf = (samples: Int16Array | Uint16Array): Uint8Array =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);

/** The file of an instance whose attributes are complete but for its class and UID. */
export function instanceOf(sopClassUid: string, sopInstanceUid: string, attributes: Attributes): Instance {
  const dataSet = dataSetOf({ ...attributes, SOPClassUID: sopClassUid, SOPInstanceUID: sopInstanceUid });
  const meta = { sopClassUid, sopInstanceUid, transferSyntaxUid: EXPLICIT_LE };
  const pieces = dataSetPieces(dataSet, EXPLICIT_LE);
  return { sopInstanceUid, part10: joinPieces([fileMetaBytes(meta), ...pieces]) };
}
