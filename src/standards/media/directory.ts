import type { DataSet } from "#standards/dicom/data-set.ts";
import { items, number, text, texts, uid } from "#standards/dicom/values.ts";
import { fileIdComponents } from "#standards/media/file-id.ts";

/** PS3.4 §I.4: the SOP class of a DICOMDIR. */
export const MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10";

/** PS3.3 §F.3.2.2. */
const DIRECTORY_RECORDS = 0x00041220;
const RECORD_IN_USE = 0x00041410;
const RECORD_TYPE = 0x00041430;
const REFERENCED_FILE_ID = 0x00041500;
const REFERENCED_SOP_CLASS = 0x00041510;
const REFERENCED_SOP_INSTANCE = 0x00041511;
const STUDY_UID = 0x0020000d;
const SERIES_UID = 0x0020000e;

/** A directory record that refers to a file, with the study and series records it stands under. */
export type DirectoryFile = {
  /** IMAGE, SR DOCUMENT, PRESENTATION, … PS3.3 table F.4-1. */
  readonly type: string;
  /** From the folder of the DICOMDIR; undefined when its File ID could lead elsewhere or names nothing. */
  readonly path: readonly string[] | undefined;
  readonly sopClassUid: string | undefined;
  readonly sopInstanceUid: string | undefined;
  readonly studyUid: string | undefined;
  readonly seriesUid: string | undefined;
};

/** Whether a data set is a DICOMDIR's: it has directory records. */
export function isDirectory(dataSet: DataSet): boolean {
  return dataSet.has(DIRECTORY_RECORDS);
}

/**
 * The files of a DICOMDIR in the order of their records (PS3.3 annex F). The hierarchy PATIENT > STUDY > SERIES > IMAGE is taken from
 * that order and not from the records' byte offsets, which copies of discs often get wrong. Records that are not in use are left out.
 */
export function directoryFiles(dataSet: DataSet): DirectoryFile[] {
  const files: DirectoryFile[] = [];
  let studyUid: string | undefined;
  let seriesUid: string | undefined;
  for (const record of items(dataSet, DIRECTORY_RECORDS)) {
    if (number(record, RECORD_IN_USE) === 0) continue;
    const type = text(record, RECORD_TYPE) ?? "";
    if (type === "PATIENT" || type === "STUDY") seriesUid = undefined;
    if (type === "PATIENT") studyUid = undefined;
    else if (type === "STUDY") studyUid = uid(record, STUDY_UID);
    else if (type === "SERIES") seriesUid = uid(record, SERIES_UID);
    const fileId = texts(record, REFERENCED_FILE_ID);
    if (fileId.length === 0) continue;
    files.push({
      type,
      path: fileIdComponents(fileId),
      sopClassUid: uid(record, REFERENCED_SOP_CLASS),
      sopInstanceUid: uid(record, REFERENCED_SOP_INSTANCE),
      studyUid,
      seriesUid,
    });
  }
  return files;
}
