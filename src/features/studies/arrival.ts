import { type Described, describeDataSet, type Said } from "#features/studies/describe.ts";
import { compressedHeader } from "#features/studies/header-text.ts";
import type { IndexEntry } from "#features/studies/index-rows.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { BlobName, Blobs, BlobWriter } from "#platform/blobs/blobs.ts";
import { newBlobName } from "#platform/blobs/blobs.ts";
import { frameCount, packFrames } from "#standards/dicom/frames.ts";
import { jsonPieces } from "#standards/dicom/json-pieces.ts";
import { isUsualPreamble } from "#standards/dicom/preamble.ts";
import { Part10Reader, type ReadResult } from "#standards/dicom/read.ts";
import { uid } from "#standards/dicom/values.ts";
import { fileMetaBytes } from "#standards/dicom/write.ts";
import { newObjectKey, type SecretKey } from "#trust/keys/wrap.ts";
import { sealSmall } from "#trust/seal/envelope.ts";
import { Sealer } from "#trust/seal/sealer.ts";

/** Bytes above which a value is served as bulk data instead of inline. */
export const BULK_BYTES = 1024;

/** What arrives: a bare data set with what the association said of it, or a whole Part 10 file. */
export type Arriving = {
  bytes: AsyncIterable<Uint8Array>;
  bare: { sopClassUid: string; sopInstanceUid: string; transferSyntax: string; sourceAe: string } | null;
  source: string;
  /** Where the sender said which study it is for, the only one that is taken. PS3.18 §10.5.1. */
  study?: string;
  /** Hears which instance it is as soon as that is known, also when it is refused then. */
  named?: (said: Said) => void;
};

/** An object that is on its way to the disk and in no index yet: keep it or remove it, once `durable` has settled. */
export type Sealed = {
  /** Resolves when file and folder are durable; after a rejection nothing of it is left. Never unhandled. */
  durable: Promise<void>;
  entry: IndexEntry;
  blob: BlobName;
  described: Described;
  transferSyntax: string;
  objectKey: SecretKey;
  bytes: number;
  dataSetOffset: number;
  instanceId: string;
};

/**
 * Streams what arrives through the reader and the seal into the blob store. Memory is bounded by the reader's limits and the
 * chunk in flight. Resolves when the last byte is sealed, while the disk is still at it: the index is prepared meanwhile, and
 * committed only after `durable`. On any failure nothing stays behind.
 * @throws Fault dicom.* for what cannot be filed, storage.* when there is no room
 */
export async function sealArrival(blobs: Blobs, arriving: Arriving): Promise<Sealed> {
  const blob = newBlobName();
  const writer = await blobs.create(blob);
  try {
    const sealed = await streamInto(writer, blob, arriving);
    const durable = writer.commit();
    durable.catch(() => undefined); // whoever may answer success waits for it
    return { ...sealed, durable };
  } catch (thrown) {
    await writer.abort();
    throw thrown;
  }
}

async function streamInto(
  writer: BlobWriter,
  blob: BlobName,
  { bytes, bare, source, study, named }: Arriving,
): Promise<Omit<Sealed, "durable">> {
  const instanceId = uuidv7();
  const objectKey = newObjectKey();
  const sealer = new Sealer({ key: objectKey, objectId: instanceId });
  const prefix = bare
    ? fileMetaBytes({
        sopClassUid: bare.sopClassUid,
        sopInstanceUid: bare.sopInstanceUid,
        transferSyntaxUid: bare.transferSyntax,
        sourceAeTitle: bare.sourceAe,
      })
    : null;
  const reader = new Part10Reader(bare && prefix ? { transferSyntax: bare.transferSyntax, origin: prefix.length } : {});
  if (prefix) await writer.write(sealer.update(prefix));
  const said = (): Said => bare ?? saidOf(reader.known);
  try {
    for await (const chunk of bytes) {
      reader.write(chunk);
      await writer.write(sealer.update(chunk));
    }
  } finally {
    named?.(said());
  }
  const result = reader.end();
  const described = describeDataSet(result.dataSet, said());
  if (bare) mustMatch(bare, described);
  if (study !== undefined && described.study.studyUid !== study)
    throw new Fault("dicom.class-mismatch", "(0020,000D) StudyInstanceUID is not the study of the address.", {
      place: "(0020,000D) StudyInstanceUID",
    });
  await writer.write(sealer.final());
  return sealedOf({ result, described, source, instanceId, objectKey, blob, bytes: sealer.plainBytes });
}

/** The data set's own UIDs, or else those of the file meta information. PS3.10 §7.1. */
function saidOf({ meta, dataSet = meta }: Part10Reader["known"]): Said {
  return {
    sopClassUid: uid(dataSet, 0x00080016) ?? uid(meta, 0x00020002),
    sopInstanceUid: uid(dataSet, 0x00080018) ?? uid(meta, 0x00020003),
  };
}

/** PS3.4 §B.2.3: the command set must name what the data set is. */
function mustMatch(bare: NonNullable<Arriving["bare"]>, described: Described): void {
  if (bare.sopClassUid !== described.sopClassUid)
    throw new Fault("dicom.class-mismatch", "(0008,0016) SOPClassUID is not the one the request named.", {
      place: "(0008,0016) SOPClassUID",
    });
  if (bare.sopInstanceUid !== described.sopInstanceUid)
    throw new Fault("dicom.class-mismatch", "(0008,0018) SOPInstanceUID is not the one the request named.", {
      place: "(0008,0018) SOPInstanceUID",
    });
}

type Parts = {
  result: ReadResult;
  described: Described;
  source: string;
  instanceId: string;
  objectKey: SecretKey;
  blob: BlobName;
  bytes: number;
};

async function sealedOf(parts: Parts): Promise<Omit<Sealed, "durable">> {
  const { result, described, source, instanceId, objectKey, blob, bytes } = parts;
  const text = jsonPieces(result.dataSet, {
    bulkThreshold: BULK_BYTES,
    bulkDataUri: (path) => (isLookupTable(path) ? undefined : `bulkdata/${path}`),
  });
  const header = sealSmall(objectKey, `header:${instanceId}`, await compressedHeader(text));
  const frames = frameCount(result.frameIndex);
  const frameIndex = sealSmall(objectKey, `frames:${instanceId}`, packFrames(result.frameIndex));
  const transferSyntax = result.transferSyntax.uid;
  const instance = {
    id: instanceId,
    sopInstanceUid: described.sopInstanceUid,
    sopClassUid: described.sopClassUid,
    transferSyntax,
    ...described.image,
    frames: result.pixelData === undefined ? null : frames,
    blob,
    bytes,
    dataSetOffset: result.dataSetOffset,
    objectKey,
    header,
    frameIndex,
    source,
  };
  const { series, study, patient } = described;
  const entry: IndexEntry = {
    ...{ instance, series, study, patient },
    unusualPreamble: !isUsualPreamble(result.preamble),
  };
  return { entry, blob, described, transferSyntax, objectKey, bytes, dataSetOffset: result.dataSetOffset, instanceId };
}

/** Lookup tables stay inline: whoever shows the image needs them at once. PS3.3 §C.7.9, §C.11. */
function isLookupTable(path: string): boolean {
  return /(002812[02][123]|002811[0-9A-F]{2}|00283006)$/.test(path);
}
