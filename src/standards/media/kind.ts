import { isMarked } from "#standards/dicom/inspect.ts";
import { MEDIA_STORAGE_DIRECTORY } from "#standards/media/directory.ts";

/** What the first bytes of a file on media say: an archive, a DICOMDIR, or whatever else, which the DICOM reader judges. */
export type MediaKind = "zip" | "directory" | "other";

/** As many bytes as `mediaKind` ever wants to see. */
export const KIND_BYTES = 1024;

/** APPNOTE 6.3.10 §4.3.7 and §4.3.16: a local file header, or the end of an empty archive. */
const ZIP_SIGNATURES = [Buffer.from("PK\x03\x04", "latin1"), Buffer.from("PK\x05\x06", "latin1")];

/** (0002,0002) Media Storage SOP Class UID in Explicit VR Little Endian, as every Part 10 file has it. PS3.10 §7.1. */
const DIRECTORY_CLASS = Buffer.concat([
  Buffer.of(0x02, 0x00, 0x02, 0x00, 0x55, 0x49, MEDIA_STORAGE_DIRECTORY.length, 0x00),
  Buffer.from(MEDIA_STORAGE_DIRECTORY, "latin1"),
]);

/** A file that is DICOM by its mark is never an archive, whatever its preamble holds (PS3.10 §7.1 leaves it to applications). */
export function mediaKind(head: Uint8Array): MediaKind {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, KIND_BYTES));
  if (isMarked(bytes)) return bytes.includes(DIRECTORY_CLASS, 128) ? "directory" : "other";
  return ZIP_SIGNATURES.some((signature) => bytes.subarray(0, 4).equals(signature)) ? "zip" : "other";
}

/** PS3.10 §8 gives DICOM files no extension; these are what stands beside them on a disc: viewers, their help, folders' leftovers. */
const COMPANIONS =
  /(^|\/)(autorun\.inf|thumbs\.db|\.ds_store|desktop\.ini|\._[^/]*)$|(^|\/)__macosx\/|\.(exe|dll|inf|ini|txt|html?|css|js|xml|pdf|jpe?g|png|gif|ico|bmp|jar|class|chm|hlp|msi|bat|cmd|sh|app|so|dylib|log|md|json)$/i;

/** Whether a file beside images is none by its name. */
export function isCompanion(path: string): boolean {
  return COMPANIONS.test(path);
}
