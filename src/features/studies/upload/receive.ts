import type { UploadedFile } from "#contract/studies.ts";
import { archiveFiles } from "#features/studies/import/archive.ts";
import { type ImportNeeds, importFile, importFiles, refused } from "#features/studies/import/one-file.ts";
import { peek } from "#features/studies/import/peek.ts";
import { withSpool } from "#features/studies/import/spool.ts";
import { isSenderRefused } from "#features/studies/sender.ts";
import type { UploadedRow } from "#features/studies/upload/queries.ts";
import { Fault } from "#kit/fault.ts";
import { KIND_BYTES, mediaKind } from "#standards/media/kind.ts";

/** No archive that a browser sends is larger. */
export const MOST_ARCHIVE_BYTES = 64 * 1024 ** 3;

/**
 * Takes one body in: a file, or a ZIP whose files are taken one by one. What its first bytes say decides, not its name or media type.
 * Resolves when everything that is called stored is durable.
 * @throws Fault storage.full, storage.unavailable, database.unavailable, request.cancelled: nothing is said of the files, send it again;
 *   sign-in.required, role.denied: the sender may not store any more, and nothing was
 */
export async function receiveBody(
  needs: ImportNeeds,
  name: string,
  body: AsyncIterable<Uint8Array>,
): Promise<UploadedFile[]> {
  const { head, bytes } = await peek(body, KIND_BYTES);
  if (mediaKind(head) !== "zip") return [await importFile(needs, { name, among: false, open: () => bytes })];
  const files: UploadedFile[] = [];
  try {
    await withSpool(needs.world.blobs, bytes, MOST_ARCHIVE_BYTES, async (source) => {
      for await (const file of importFiles(needs, archiveFiles(source))) files.push(file);
    });
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.row.retry !== "never" || thrown.row.http >= 500) throw thrown;
    if (isSenderRefused(thrown) && files.every(({ studyId }) => studyId === undefined)) throw thrown;
    files.push(refused(name, thrown)); // what was taken before stays
  }
  return files;
}

const WORST_FIRST = [
  "refused",
  "stored",
  "already-here",
  "ignored",
] as const satisfies readonly UploadedFile["outcome"][];

/** What is remembered of one body: how it ended as a whole. */
export function summaryOf(number: number, files: readonly UploadedFile[]): UploadedRow {
  const outcome = WORST_FIRST.find((one) => files.some((file) => file.outcome === one)) ?? "ignored";
  return {
    number,
    outcome,
    code: files.find((file) => file.outcome === outcome)?.code ?? null,
    study: files.find((file) => file.studyId !== undefined)?.studyId ?? null,
  };
}
