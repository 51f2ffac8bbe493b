import type { Ranges } from "#features/studies/import/range-reader.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { type Blobs, newBlobName } from "#platform/blobs/blobs.ts";
import { newObjectKey } from "#trust/keys/wrap.ts";
import { openRange, type SealedSource } from "#trust/seal/range.ts";
import { Sealer } from "#trust/seal/sealer.ts";

/**
 * Keeps a stream in the blob store while `use` reads it anywhere: sealed under a key that only this call holds, and removed
 * afterwards. Plain text never reaches a disk; what a crash leaves opens for nobody and goes at the next start.
 * @throws Fault input.too-large beyond `max` bytes, storage.*
 */
export async function withSpool<T>(
  blobs: Blobs,
  bytes: AsyncIterable<Uint8Array>,
  max: number,
  use: (spooled: Ranges) => Promise<T>,
): Promise<T> {
  const name = newBlobName();
  const [key, objectId] = [newObjectKey(), uuidv7()];
  const sealer = new Sealer({ key, objectId });
  const writer = await blobs.create(name);
  let sealedBytes = 0;
  const write = async (pieces: Buffer[]): Promise<void> => {
    for (const piece of pieces) sealedBytes += piece.length;
    await writer.write(pieces);
  };
  try {
    for await (const chunk of bytes) {
      await write(sealer.update(chunk));
      if (sealer.plainBytes > max) throw new Fault("input.too-large", `The archive is larger than ${max} bytes.`);
    }
    await write(sealer.final());
    await writer.commit();
  } catch (thrown) {
    await writer.abort();
    throw thrown;
  }
  try {
    const readAt: SealedSource["readAt"] = (offset, length, into) => blobs.readAt(name, offset, length, into);
    const source: SealedSource = { key, objectId, sealedBytes, readAt };
    return await use({ bytes: sealer.plainBytes, range: (start, end) => openRange(source, start, end) });
  } finally {
    await blobs.remove(name).catch(() => undefined); // the start-up sweep takes what this leaves
  }
}
