/** A data element tag as an unsigned 32-bit number, group in the upper half: 0x00100010 is (0010,0010). PS3.5 §7.1. */
export type Tag = number;

/** PS3.5 §7.5: the three tags that are not elements but punctuation. */
export const ITEM: Tag = 0xfffee000;
export const ITEM_DELIMITER: Tag = 0xfffee00d;
export const SEQUENCE_DELIMITER: Tag = 0xfffee0dd;

/** Eight upper-case hexadecimal digits, the key of DICOM JSON: "00100010". */
export const hexOfTag = (tag: Tag): string => tag.toString(16).toUpperCase().padStart(8, "0");

/** The tag as the standard writes it: "(0010,0010)". */
export function tagText(tag: Tag): string {
  const hex = hexOfTag(tag);
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}

/** Reads "00100010", "(0010,0010)" or "0010,0010"; undefined for anything else. */
export function tagFromText(text: string): Tag | undefined {
  const digits = /^\(?([0-9a-f]{4}),?([0-9a-f]{4})\)?$/i.exec(text);
  return digits ? Number.parseInt(`${digits[1]}${digits[2]}`, 16) : undefined;
}

/** PS3.5 §7.8: odd groups belong to whoever reserved a block in them. */
export const isPrivate = (tag: Tag): boolean => (tag & 0x10000) !== 0;

/** PS3.5 §7.8.1: (gggg,0010-00FF) of an odd group names the owner of block gggg,xx00-xxFF. */
export const isPrivateCreator = (tag: Tag): boolean =>
  isPrivate(tag) && (tag & 0xffff) >= 0x10 && (tag & 0xffff) <= 0xff;

/** PS3.5 §7.2: (gggg,0000), retired everywhere but in groups 0000 and 0002. */
export const isGroupLength = (tag: Tag): boolean => (tag & 0xffff) === 0;

/** Pixel Data, Float Pixel Data, Double Float Pixel Data: never kept in memory, only where they are. */
export const isPixelData = (tag: Tag): boolean => tag === 0x7fe00010 || tag === 0x7fe00008 || tag === 0x7fe00009;
