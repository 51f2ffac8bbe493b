import { gunzip } from "node:zlib";
import { promisify } from "node:util";
import type { SecretKey } from "#features/keys/keyring.ts";
import type { InstanceRecord, SealedParts } from "#features/studies/queries.ts";
import { type Blobs, parseBlobName } from "#platform/blobs/blobs.ts";
import { type FrameIndex, unpackFrames } from "#standards/dicom/frames.ts";
import type { JsonDataSet } from "#standards/dicom/json.ts";
import { unwrapKey } from "#trust/keys/wrap.ts";
import { openSmall } from "#trust/seal/envelope.ts";
import { sealedSize } from "#trust/seal/layout.ts";
import { openRange, type SealedSource } from "#trust/seal/range.ts";

const decompress = promisify(gunzip);

/** A stored instance that may be read: its row and the key it opens with. */
export type StoredObject = { row: InstanceRecord; key: SecretKey };

export function storedObject(row: InstanceRecord, group: SecretKey): StoredObject {
  return { row, key: unwrapKey(group, row.wrapped_key) };
}

/** The plain bytes of the Part 10 file from `start` to `end`, decrypted as they are read; only the chunks touched are opened. */
export function plainRange(blobs: Blobs, { row, key }: StoredObject, start: number, end: number): AsyncIterable<Buffer> {
  const name = parseBlobName(row.blob);
  const source: SealedSource = { key, objectId: row.id, sealedBytes: sealedSize(row.bytes), readAt: (offset, length) => blobs.readAt(name, offset, length) };
  return openRange(source, start, end);
}

/** The attributes as DICOM JSON, without group 0002; bulk data as relative URIs. */
export async function attributesOf({ row, key }: StoredObject, sealed: SealedParts): Promise<JsonDataSet> {
  const plain = await decompress(openSmall(key, `header:${row.id}`, sealed.header));
  return JSON.parse(plain.toString("utf8")) as JsonDataSet;
}

export function frameIndexOf({ row, key }: StoredObject, sealed: SealedParts): FrameIndex {
  return unpackFrames(openSmall(key, `frames:${row.id}`, sealed.frame_index));
}
