import { isDeepStrictEqual } from "node:util";
import type { Sealed } from "#features/studies/arrival.ts";
import type { InstanceRecord, SealedParts } from "#features/studies/queries.ts";
import {
  attributesOf,
  frameIndexOf,
  plainRange,
  readableFrame,
  readableSyntax,
  type StoredObject,
} from "#features/studies/stored-object.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { result } from "#kit/turns.ts";
import { type FrameIndex, frameCount } from "#standards/dicom/frames.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { readPixelFormat } from "#standards/pixels/format.ts";
import { pixelAttributesFromJson } from "#standards/pixels/json.ts";

type Side = { object: StoredObject; parts: SealedParts; dataSetOffset: number };

/**
 * Decision 16: the same instance again is the same when its data set without group 0002 is equal byte for byte, or when its
 * attributes are equal and every frame decodes to the same pixels in the other transfer syntax.
 */
export async function sameContent(
  world: StudiesWorld,
  first: StoredObject,
  firstParts: InstanceRecord & SealedParts,
  again: Sealed,
): Promise<boolean> {
  const row = {
    ...firstParts,
    id: again.instanceId,
    blob: again.blob,
    bytes: again.bytes,
    data_set_offset: again.dataSetOffset,
    transfer_syntax: again.transferSyntax,
  };
  const a: Side = { object: first, parts: firstParts, dataSetOffset: first.row.data_set_offset };
  const b: Side = {
    object: { row, key: again.objectKey },
    parts: { header: again.entry.instance.header, frame_index: again.entry.instance.frameIndex },
    dataSetOffset: again.dataSetOffset,
  };
  if (a.object.row.transfer_syntax === row.transfer_syntax) return sameBytes(world, a, b);
  return sameDecoded(world, a, b);
}

async function sameBytes(world: StudiesWorld, a: Side, b: Side): Promise<boolean> {
  if (a.object.row.bytes - a.dataSetOffset !== b.object.row.bytes - b.dataSetOffset) return false;
  const left = bytesOf(plainRange(world, a.object, a.dataSetOffset, a.object.row.bytes));
  const right = bytesOf(plainRange(world, b.object, b.dataSetOffset, b.object.row.bytes));
  for (;;) {
    const [one, other] = [await left(65_536), await right(65_536)];
    if (!one.equals(other)) return false;
    if (one.length === 0) return true;
  }
}

/** Cuts a stream of pieces into pieces of the asked length. */
function bytesOf(pieces: AsyncIterable<Buffer>): (length: number) => Promise<Buffer> {
  const source = pieces[Symbol.asyncIterator]();
  let kept = Buffer.alloc(0);
  return async (length) => {
    while (kept.length < length) {
      const next = await source.next();
      if (next.done) break;
      kept = kept.length === 0 ? Buffer.from(next.value) : Buffer.concat([kept, next.value]);
    }
    const piece = kept.subarray(0, length);
    kept = kept.subarray(piece.length);
    return piece;
  };
}

/** Elements that differ with the encoding alone: pixel data and the offset tables, group lengths, trailing padding. */
const ENCODING_ONLY = new Set(["7FE00010", "7FE00008", "7FE00009", "7FE00001", "7FE00002", "FFFCFFFC", "00080005"]);
/** What a lossless transcoder may rewrite to describe the same pixels. */
const REWRITTEN = new Set(["00280004", "00280006"]);

async function sameDecoded(world: StudiesWorld, a: Side, b: Side): Promise<boolean> {
  const [one, other] = [await attributesOf(a.object, a.parts), await attributesOf(b.object, b.parts)];
  if (!(await result(sameAttributes(comparable(one), comparable(other))))) return false;
  const [left, right] = [frameIndexOf(a.object, a.parts), frameIndexOf(b.object, b.parts)];
  if (frameCount(left) !== frameCount(right)) return false;
  for (let frame = 0; frame < frameCount(left); frame++) {
    const [p, q] = [await pixels(world, a, one, left, frame), await pixels(world, b, other, right, frame)];
    if (p === null || q === null || !p.equals(q)) return false;
  }
  return true;
}

/** Whether two data sets have the same attributes, in steps of an item. */
function* sameAttributes(one: JsonDataSet, other: JsonDataSet): Generator<void, boolean, undefined> {
  const tags = Object.keys(one);
  if (tags.length !== Object.keys(other).length) return false;
  for (const tag of tags) {
    const [left, right] = [one[tag]?.Value ?? [], other[tag]?.Value ?? []];
    if (left.length !== right.length) return false;
    if (!isDeepStrictEqual({ ...one[tag], Value: [] }, { ...other[tag], Value: [] })) return false;
    const isSequence = one[tag]?.vr === "SQ";
    for (const [at, value] of left.entries()) {
      if (!isDeepStrictEqual(value, right[at])) return false;
      if (isSequence) yield;
    }
  }
  return true;
}

function comparable(json: JsonDataSet): JsonDataSet {
  return Object.fromEntries(Object.entries(json).filter(([tag]) => !ENCODING_ONLY.has(tag) && !REWRITTEN.has(tag)));
}

async function pixels(
  world: StudiesWorld,
  { object }: Side,
  json: JsonDataSet,
  index: FrameIndex,
  frame: number,
): Promise<Buffer | null> {
  const pieces = await readableFrame(world, object, index, frame, json);
  if (!pieces) return null;
  const format = readPixelFormat(pixelAttributesFromJson(json));
  const { pixels: decoded } = await world.decoders.decode({
    transferSyntax: readableSyntax(object.row),
    format,
    frame: pieces,
  });
  return Buffer.from(decoded.buffer, decoded.byteOffset, decoded.byteLength);
}
