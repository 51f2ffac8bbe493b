import { Fault } from "#kit/fault.ts";
import type { PixelAttributes } from "#standards/pixels/attributes.ts";
import { type PixelElements, readPixelAttributes } from "#standards/pixels/elements.ts";

/** PS3.18 annex F: a data set as DICOM JSON. */
export type DicomJson = { readonly [tag: string]: unknown };
type JsonElement = { Value?: unknown; InlineBinary?: unknown; BulkDataURI?: unknown };

/** Fetches what a BulkDataURI stands for, little-endian; undefined when it is not at hand. */
export type Bulk = (uri: string) => Uint8Array | undefined;

/**
 * The attributes that show frame `frame` (from 1) of an image given as DICOM JSON (PS3.18 annex F). Lookup tables may be inline
 * or, through `bulk`, elsewhere. Throws as `readPixelAttributes` does.
 */
export function pixelAttributesFromJson(json: DicomJson, frame = 1, bulk: Bulk = () => undefined): PixelAttributes {
  return readPixelAttributes(elementsOf(json, bulk), frame);
}

const PIXEL_GROUPS: ReadonlySet<string> = new Set(["0008", "0018", "0020", "0028", "2050", "5200", "7FE0"]);

/**
 * Which attributes of an image are about its pixels: whether `tag` of the first level is one, and, of the Per-Frame Functional
 * Groups Sequence, whether item `item` (from 0) is that of frame `frame` (from 1).
 */
export const pixelsOnly =
  (frame = 1) =>
  (tag: string, item = frame - 1): boolean =>
    PIXEL_GROUPS.has(tag.slice(0, 4)) && (tag !== "52009230" || item === frame - 1);

function elementsOf(json: DicomJson, bulk: Bulk): PixelElements {
  const element = (tag: number): JsonElement | undefined => {
    const found = json[tag.toString(16).toUpperCase().padStart(8, "0")];
    return isObject(found) ? found : undefined;
  };
  const values = (tag: number): unknown[] => {
    const found = element(tag)?.Value;
    return Array.isArray(found) ? found : [];
  };
  const numbers = (tag: number): number[] => values(tag).filter(isNumeric).map(Number).filter(Number.isFinite);
  return {
    has: (tag) => element(tag) !== undefined,
    numbers,
    text: (tag) => values(tag).map(String)[0]?.trim(),
    words: (tag) => {
      const found = element(tag);
      if (found === undefined) return undefined;
      const bytes = bytesOf(found, bulk);
      return bytes === undefined ? wordsFrom(numbers(tag)) : littleEndianWords(bytes);
    },
    items: (tag) =>
      values(tag)
        .filter(isObject)
        .map((item) => elementsOf(item as DicomJson, bulk)),
  };
}

function bytesOf(element: JsonElement, bulk: Bulk): Uint8Array | undefined {
  if (typeof element.InlineBinary === "string") return fromBase64(element.InlineBinary);
  return typeof element.BulkDataURI === "string" ? bulk(element.BulkDataURI) : undefined;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new Fault("input.invalid", "InlineBinary must be base64.", { cause });
  }
}

function wordsFrom(numbers: readonly number[]): Uint16Array | undefined {
  return numbers.length === 0 ? undefined : Uint16Array.from(numbers);
}

function littleEndianWords(bytes: Uint8Array): Uint16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: bytes.byteLength >> 1 }, (_, at) => view.getUint16(at * 2, true));
}

/** IS and DS may stand as text (PS3.18 §F.2.3). */
function isNumeric(value: unknown): value is number | string {
  return typeof value === "number" || (typeof value === "string" && value.trim() !== "");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
