import type { Header } from "#standards/dicom/read.ts";
import { Part10Reader } from "#standards/dicom/read.ts";
import { TAGS } from "#standards/dicom/tags.ts";
import { items, text, texts } from "#standards/dicom/values.ts";

/** What the first bytes of a file say. Parsed in this browser: nothing has left it yet. */
export type Probed =
  | { is: "instance"; about: About }
  | { is: "directory"; files: string[] }
  | { is: "ignored" }
  | { is: "unreadable" };

export type About = {
  patientId: string;
  patientName: string;
  birthDate: string;
  sex: string;
  studyUid: string;
  studyDate: string;
  studyDescription: string;
  seriesUid: string;
  seriesDescription: string;
  modality: string;
  instanceUid: string;
};

const STEP = 64 * 1024;
const MOST = 4 * 1024 * 1024;
const MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10";
/** PS3.10 §7.1 and PS3.3 §F.3: what only a DICOMDIR is asked for. */
const MEDIA_STORAGE_CLASS = 0x00020002;
const DIRECTORY_RECORDS = 0x00041220;
const REFERENCED_FILE = 0x00041500;
/** PS3.10 §8 gives DICOM files no extension; these are what stands beside them on a disc. */
const NOT_IMAGES =
  /(^|\/)(autorun\.inf|thumbs\.db|\.ds_store|desktop\.ini)$|\.(exe|dll|inf|ini|txt|html?|css|js|xml|pdf|jpe?g|png|gif|ico|bmp|jar|class|chm|hlp|msi|bat|cmd|sh|app|so|dylib|log|md|json)$/i;

/** Reads as much of a file as its attributes need, at most 4 MiB. */
export async function probe(path: string, head: (bytes: number) => Promise<Blob>): Promise<Probed> {
  if (NOT_IMAGES.test(path) && !/dicomdir/i.test(path)) return { is: "ignored" };
  const directory = /(^|\/)dicomdir$/i.test(path);
  for (let size = STEP; ; size *= 4) {
    const blob = await head(Math.min(size, MOST));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const whole = bytes.length < Math.min(size, MOST);
    const found = read(bytes, whole, directory || size >= MOST);
    if (found) return found;
    if (whole || size >= MOST) return { is: "unreadable" };
  }
}

function read(bytes: Uint8Array, whole: boolean, last: boolean): Probed | undefined {
  const reader = new Part10Reader();
  try {
    reader.write(bytes);
    if (!reader.header && whole) reader.end();
  } catch (thrown) {
    const code = (thrown as { code?: string }).code;
    return code === "dicom.not-dicom" ? { is: "ignored" } : { is: "unreadable" };
  }
  const header = reader.header;
  if (header) return probed(header);
  return last && !whole ? { is: "unreadable" } : undefined;
}

function probed({ meta, dataSet }: Header): Probed {
  if (text(meta, MEDIA_STORAGE_CLASS) === MEDIA_STORAGE_DIRECTORY) {
    const files = items(dataSet, DIRECTORY_RECORDS).flatMap((record) => {
      const path = texts(record, REFERENCED_FILE);
      return path.length > 0 ? [path.join("/")] : [];
    });
    return { is: "directory", files };
  }
  const word = (tag: number) => text(dataSet, tag) ?? "";
  const about: About = {
    patientId: word(TAGS.PatientID),
    patientName: word(TAGS.PatientName),
    birthDate: word(TAGS.PatientBirthDate),
    sex: word(TAGS.PatientSex),
    studyUid: word(TAGS.StudyInstanceUID),
    studyDate: word(TAGS.StudyDate),
    studyDescription: word(TAGS.StudyDescription),
    seriesUid: word(TAGS.SeriesInstanceUID),
    seriesDescription: word(TAGS.SeriesDescription),
    modality: word(TAGS.Modality),
    instanceUid: word(TAGS.SOPInstanceUID),
  };
  return about.studyUid && about.instanceUid ? { is: "instance", about } : { is: "unreadable" };
}
