import { dataRange, plainRange, type StoredObject } from "#features/studies/stored-object.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import type { DataSet, Element } from "#standards/dicom/data-set.ts";
import { Part10Reader } from "#standards/dicom/read.ts";
import { DEFLATED_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { VRS } from "#standards/dicom/vr.ts";
import { swapWords } from "#standards/dicom/write.ts";

type Needs = { world: StudiesWorld };
type Word = 1 | 2 | 4 | 8;
/** An element of a stored object, whether its offsets count in the inflated data set, and the bytes that must be swapped together. */
export type Located = { element: Element; inflated: boolean; word: Word };

/** What comes before the pixel data is known when that begins; native pixel data is, as soon as its own header was read. */
const FIRST_PIXEL_DATA = 0x7fe00008;

/** Reads the object again up to the element; nothing of it is kept but that value. */
export async function locate({ world }: Needs, object: StoredObject, path: readonly string[]): Promise<Located | null> {
  const top = Number.parseInt(path[0] ?? "", 16);
  const reader = new Part10Reader({ totalLength: object.row.bytes });
  for await (const piece of plainRange(world, object, 0, object.row.bytes)) {
    reader.write(piece);
    if (reader.header && (top < FIRST_PIXEL_DATA || reader.header.dataSet.has(top))) break;
  }
  const dataSet = reader.header?.dataSet ?? reader.end().dataSet;
  const found = walk(dataSet, path);
  if (!found) return null;
  const { element, around } = found;
  const word = around.encoding.bigEndian && element.is !== "fragments" ? VRS[element.vr].word : 1;
  return { element, inflated: object.row.transfer_syntax === DEFLATED_LE, word };
}

function walk(root: DataSet, path: readonly string[]): { element: Element; around: DataSet } | undefined {
  let around: DataSet | undefined = root;
  for (let at = 0; at < path.length; at += 2) {
    const element: Element | undefined = around?.get(Number.parseInt(path[at] ?? "", 16));
    if (at === path.length - 1) return element && around && { element, around };
    around = element?.is === "sequence" ? element.items[Number(path[at + 1])] : undefined;
  }
  return undefined;
}

/** A value of known length, little endian, any part of it. */
export type Value = { length: number; bytes: (start: number, end: number) => AsyncIterable<Uint8Array> };

/** The values of an element that was located: one, or one for each fragment. PS3.18 §8.7.3.3.1: bulk data is little endian. */
export function valuesOf({ world }: Needs, object: StoredObject, { element, inflated, word }: Located): Value[] {
  const stored = (offset: number, length: number): Value => ({
    length,
    bytes: (start, end) => {
      const [from, to] = [start - (start % word), Math.min(length, Math.ceil(end / word) * word)];
      const pieces = dataRange(world, object, inflated, offset + from, offset + to);
      return word === 1 ? pieces : trimmed(swapped(pieces, word), start - from, end - start);
    },
  });
  switch (element.is) {
    case "value": {
      const bytes = swapWords(element.bytes, word);
      return [{ length: bytes.length, bytes: (start, end) => one(bytes.subarray(start, end)) }];
    }
    case "range":
      return [stored(element.offset, element.length)];
    case "fragments":
      return element.fragments.offsets.map((offset, at) => stored(offset, element.fragments.lengths[at] ?? 0));
    case "sequence":
      return [];
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Words cut by the edge of a piece wait for their other half. */
async function* swapped(pieces: AsyncIterable<Uint8Array>, word: Word): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const piece of pieces) {
    const joined = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = joined.length - (joined.length % word);
    rest = joined.slice(whole);
    if (whole > 0) yield swapWords(joined.subarray(0, whole), word);
  }
  if (rest.length > 0) yield rest;
}

async function* trimmed(pieces: AsyncIterable<Uint8Array>, skip: number, take: number): AsyncGenerator<Uint8Array> {
  let [before, left] = [skip, take];
  for await (const piece of pieces) {
    const part = piece.subarray(Math.min(before, piece.length)).subarray(0, left);
    before -= Math.min(before, piece.length);
    left -= part.length;
    if (part.length > 0) yield part;
    if (left === 0) return;
  }
}
