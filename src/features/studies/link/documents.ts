import { closed, type LinkSession } from "#features/sharing/link-actions.ts";
import { locate, valuesOf } from "#features/studies/element-bytes.ts";
import { admitInstance, type LinkNeeds, spend } from "#features/studies/link/door.ts";
import { markOf } from "#features/studies/link/mark.ts";
import type { InstanceRecord, SealedParts } from "#features/studies/queries.ts";
import { attributesOf, type StoredObject } from "#features/studies/stored-object.ts";
import { Fault } from "#kit/fault.ts";
import type { DrawnPage } from "#platform/decoders/decoders.ts";
import type { Mark } from "#platform/decoders/wire.ts";
import { reportParagraphs } from "#standards/dicom/structured-report.ts";

/** PS3.4 annex B.5: Encapsulated PDF Storage, and the structured reports; a Key Object Selection is no text to read. */
const PDF = "1.2.840.10008.5.1.4.1.1.104.1";
const REPORTS = "1.2.840.10008.5.1.4.1.1.88.";
const KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59";
const ENCAPSULATED_DOCUMENT = "00420011";
/** A longer document is not drawn. */
const MOST_BYTES = 64 * 1024 * 1024;

type Kind = "pdf" | "text";

function kindOf(row: Pick<InstanceRecord, "sop_class_uid">): Kind | null {
  if (row.sop_class_uid === PDF) return "pdf";
  return row.sop_class_uid.startsWith(REPORTS) && row.sop_class_uid !== KEY_OBJECTS ? "text" : null;
}

export const isDocument = (row: Pick<InstanceRecord, "sop_class_uid">): boolean => kindOf(row) !== null;

/** Page counts by instance: objects never change, and a count tells nothing about anybody. */
const counted = new Map<string, number>();
const MOST_COUNTED = 5_000;

/** How many pages a document has as pictures; 0 when it cannot be drawn. */
export async function pagesOf(needs: LinkNeeds, object: StoredObject, sealed: SealedParts): Promise<number> {
  const known = counted.get(object.row.id);
  if (known !== undefined) return known;
  const pages = await pageOf(needs, object, sealed, 0, undefined).then(
    (drawn) => drawn.pages,
    (thrown: unknown) => {
      if (thrown instanceof Fault && (thrown.code === "decoder.failed" || thrown.code === "input.too-large")) return 0;
      throw thrown;
    },
  );
  if (counted.size >= MOST_COUNTED) counted.clear();
  counted.set(object.row.id, pages);
  return pages;
}

/** A page of a PDF or structured report as holders of links get it: a marked picture. @throws Fault link.closed, rate.limited, decoder.* */
export async function linkDocument(
  needs: LinkNeeds,
  session: LinkSession,
  wanted: { instance: string; page: number },
  signal: AbortSignal,
): Promise<DrawnPage> {
  const { row, object, count } = await admitInstance(needs, session, wanted.instance);
  if (!isDocument(row) || !(wanted.page >= 1 && wanted.page <= (await pagesOf(needs, object, row)))) throw closed();
  await spend(needs, session);
  const mark = markOf(needs.world, session, { instance: row.id, frame: wanted.page, window: "page" }, new Date());
  const drawn = await pageOf(needs, object, row, wanted.page, mark, signal);
  count({ frames: 1, bytes: drawn.bytes.length });
  return drawn;
}

async function pageOf(
  needs: LinkNeeds,
  object: StoredObject,
  sealed: SealedParts,
  page: number,
  mark: Mark | undefined,
  signal?: AbortSignal,
): Promise<DrawnPage> {
  const { decoders } = needs.world;
  const wanted = { page, mark, signal };
  if (kindOf(object.row) === "pdf") return decoders.pdf({ ...wanted, document: await documentOf(needs, object) });
  return decoders.text({ ...wanted, paragraphs: reportParagraphs(await attributesOf(object, sealed)) });
}

/** PS3.3 §C.24.2: the encapsulated document's own bytes. */
async function documentOf(needs: LinkNeeds, object: StoredObject): Promise<Buffer> {
  const located = await locate(needs, object, [ENCAPSULATED_DOCUMENT]);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const value of located ? valuesOf(needs, object, located) : []) {
    for await (const piece of value.bytes(0, value.length)) {
      bytes += piece.length;
      if (bytes > MOST_BYTES) throw new Fault("input.too-large", "The document is too large to be drawn.");
      pieces.push(piece);
    }
  }
  if (bytes === 0) throw new Fault("decoder.failed", "The document is empty.");
  return Buffer.concat(pieces);
}
