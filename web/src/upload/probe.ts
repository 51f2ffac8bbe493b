import { DataSet } from "#standards/dicom/data-set.ts";
import { type Header, Part10Reader } from "#standards/dicom/read.ts";
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

/** Reads as much of a file as its identifiers need, at most 4 MiB (a DICOMDIR whole). */
export async function probe(path: string, head: (bytes: number) => Promise<Blob>): Promise<Probed> {
  const directory = /(^|\/)dicomdir[^/]*$/i.test(path);
  if (NOT_IMAGES.test(path) && !directory) return { is: "ignored" };
  for (let size = STEP; ; size *= 4) {
    const wanted = Math.min(size, MOST);
    const bytes = new Uint8Array(await (await head(wanted)).arrayBuffer());
    const whole = bytes.length < wanted;
    const found = read(bytes, whole);
    if (found) return found;
    if (whole || size >= MOST) return { is: "unreadable" };
  }
}

/** The elements that have come so far decide: a file need not be read to its end to be known. */
function read(bytes: Uint8Array, whole: boolean): Probed | undefined {
  const seen = new DataSet();
  const reader = new Part10Reader({ onElement: (element) => seen.set(element) });
  try {
    reader.write(bytes);
    if (whole) reader.end();
  } catch (thrown) {
    if ((thrown as { code?: string }).code === "dicom.not-dicom") return { is: "ignored" };
  }
  const instance = aboutOf(seen);
  if (instance) return { is: "instance", about: instance };
  return reader.header ? directoryOf(reader.header) : undefined;
}

function directoryOf({ meta, dataSet }: Header): Probed {
  if (text(meta, MEDIA_STORAGE_CLASS) !== MEDIA_STORAGE_DIRECTORY) return { is: "unreadable" };
  const files = items(dataSet, DIRECTORY_RECORDS).flatMap((record) => {
    const path = texts(record, REFERENCED_FILE);
    return path.length > 0 ? [path.join("/")] : [];
  });
  return { is: "directory", files };
}

function aboutOf(dataSet: DataSet): About | undefined {
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
  return about.studyUid && about.seriesUid && about.instanceUid ? about : undefined;
}
