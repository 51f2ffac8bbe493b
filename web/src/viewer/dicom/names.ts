import { entryOf } from "#standards/dicom/dictionary.ts";

/** What PS3.6 calls an attribute given as eight digits, or "" when it is private or unknown. */
export function nameOfTag(tag: string): string {
  return entryOf(Number.parseInt(tag, 16))?.name ?? "";
}
