import { pipeline, Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";
import type { SecretKey } from "#features/keys/keyring.ts";
import { headerPieces } from "#features/studies/header-text.ts";
import type { InstanceRecord, SealedParts } from "#features/studies/queries.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { Fault } from "#kit/fault.ts";
import { result } from "#kit/turns.ts";
import { parseBlobName } from "#platform/blobs/blobs.ts";
import { type FrameIndex, frameRanges, unpackFrames } from "#standards/dicom/frames.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { jsonSteps, STEP_CHARACTERS, type Wanted } from "#standards/dicom/json-pieces.ts";
import { EXPLICIT_LE, transferSyntaxOrPrivate } from "#standards/dicom/transfer-syntaxes.ts";
import { nativeFrameRange, readPixelFormat } from "#standards/pixels/format.ts";
import { pixelAttributesFromJson } from "#standards/pixels/json.ts";
import { bigEndianUnit, cutNativeFrame } from "#standards/pixels/native.ts";
import { unwrapKey } from "#trust/keys/wrap.ts";
import { openSmall } from "#trust/seal/envelope.ts";
import { sealedSize } from "#trust/seal/layout.ts";
import { checkWhole, openRange, type SealedSource } from "#trust/seal/range.ts";

/** A stored instance that may be read: its row and the key it opens with. */
export type StoredObject = { row: InstanceRecord; key: SecretKey };

/** Where the objects lie, and who hears of damage. */
export type Store = Pick<StudiesWorld, "blobs" | "damaged">;

export function storedObject(row: InstanceRecord, group: SecretKey): StoredObject {
  return { row, key: unwrapKey(group, row.wrapped_key) };
}

/** The plain bytes of the Part 10 file from `start` to `end`, decrypted as they are read; only the chunks touched are opened. */
export function plainRange(store: Store, object: StoredObject, start: number, end: number): AsyncIterable<Buffer> {
  return heard(store, object, openRange(sourceOf(store, object), start, end));
}

/** Why the object cannot be given back as it came, as far as its beginning, its length and its end tell; null for a sound one. */
export async function damageOf(store: Store, object: StoredObject): Promise<Fault | null> {
  try {
    await checkWhole(sourceOf(store, object));
    return null;
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown;
    store.damaged?.(object.row, thrown);
    return thrown;
  }
}

function sourceOf({ blobs }: Store, { row, key }: StoredObject): SealedSource {
  const name = parseBlobName(row.blob);
  return {
    key,
    objectId: row.id,
    sealedBytes: sealedSize(row.bytes),
    readAt: (offset, length, into) => blobs.readAt(name, offset, length, into),
  };
}

const isDamage = (thrown: unknown): thrown is Fault =>
  thrown instanceof Fault && (thrown.code === "storage.missing" || thrown.code === "seal.broken");

async function* heard(store: Store, { row }: StoredObject, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* pieces;
  } catch (thrown) {
    if (isDamage(thrown)) store.damaged?.(row, thrown);
    throw thrown;
  }
}

/** The text of the attributes as DICOM JSON, in pieces. */
export function headerOf({ row, key }: StoredObject, sealed: SealedParts): AsyncGenerator<string, void, undefined> {
  return headerPieces(openSmall(key, `header:${row.id}`, sealed.header));
}

/**
 * The attributes as DICOM JSON, without group 0002; bulk data as relative URIs. Of very many only those `wanted` are read, and
 * the event loop turns meanwhile.
 */
export async function attributesOf(object: StoredObject, sealed: SealedParts, wanted?: Wanted): Promise<JsonDataSet> {
  const text = (await Array.fromAsync(headerOf(object, sealed))).join("");
  return text.length <= STEP_CHARACTERS ? (JSON.parse(text) as JsonDataSet) : result(jsonSteps(text, wanted));
}

export function frameIndexOf({ row, key }: StoredObject, sealed: SealedParts): FrameIndex {
  return unpackFrames(openSmall(key, `frames:${row.id}`, sealed.frame_index));
}

/** A frame's bytes as stored: its code stream's fragments, or its native pixels. Undefined when there is no such frame (from 0). */
export async function storedFrame(
  store: Store,
  object: StoredObject,
  index: FrameIndex,
  frame: number,
): Promise<Buffer[] | undefined> {
  const where = frameRanges(index, frame);
  if (!where) return undefined;
  const inflated = index.is === "native" && index.inflated;
  const pieces: Buffer[] = [];
  for (const { offset, length } of where.ranges)
    for await (const piece of dataRange(store, object, inflated, offset, offset + length)) pieces.push(piece);
  return pieces;
}

/** As `storedFrame`, but native pixels come little endian and from their first bit on, as decoders and clients want them. */
export async function readableFrame(
  store: Store,
  object: StoredObject,
  index: FrameIndex,
  frame: number,
  json: JsonDataSet,
): Promise<Buffer[] | undefined> {
  const { bigEndian } = transferSyntaxOrPrivate(object.row.transfer_syntax);
  if (index.is !== "native" || (!bigEndian && index.frameBits % 8 === 0))
    return storedFrame(store, object, index, frame);
  if (frame < 0 || frame >= index.count) return undefined;
  const format = readPixelFormat(pixelAttributesFromJson(json));
  const unit = bigEndian ? bigEndianUnit(format, json["7FE00010"]?.vr === "OB" ? "OB" : "OW") : 1;
  const range = nativeFrameRange(format, frame, unit);
  const pieces: Buffer[] = [];
  for await (const piece of dataRange(
    store,
    object,
    index.inflated,
    index.base + range.offset,
    index.base + range.offset + range.length,
  ))
    pieces.push(piece);
  return [Buffer.from(cutNativeFrame(format, Buffer.concat(pieces), range, unit))];
}

/** What a decoder is told: native frames are little endian by then. */
export function readableSyntax(row: InstanceRecord): string {
  return transferSyntaxOrPrivate(row.transfer_syntax).encapsulated ? row.transfer_syntax : EXPLICIT_LE;
}

/** Bytes of the object, or of its inflated data set when the offsets count there. */
export async function* dataRange(
  store: Store,
  object: StoredObject,
  inflated: boolean,
  start: number,
  end: number,
): AsyncGenerator<Buffer, void, undefined> {
  if (!inflated) {
    yield* plainRange(store, object, start, end);
    return;
  }
  const inflate = createInflateRaw();
  pipeline(
    Readable.from(plainRange(store, object, object.row.data_set_offset, object.row.bytes)),
    inflate,
    () => undefined,
  );
  let at = 0;
  for await (const chunk of inflate as AsyncIterable<Buffer>) {
    const from = Math.max(0, start - at);
    const to = Math.min(chunk.length, end - at);
    if (to > from) yield chunk.subarray(from, to);
    at += chunk.length;
    if (at >= end) return;
  }
}
