import { Readable } from "node:stream";
import { denied } from "#features/sharing/gate.ts";
import { admit, oneWithParts } from "#features/studies/dicomweb/instances.ts";
import type { DicomwebNeeds, Handler } from "#features/studies/dicomweb/routes.ts";
import { acceptOf } from "#features/studies/dicomweb/routes.ts";
import { dataRange, plainRange, type StoredObject } from "#features/studies/stored-object.ts";
import type { DataSet, Element } from "#standards/dicom/data-set.ts";
import { Part10Reader } from "#standards/dicom/read.ts";
import { EXPLICIT_LE } from "#standards/dicom/transfer-syntaxes.ts";
import { parseAccept } from "#standards/dicomweb/media-types.ts";
import { closing, newBoundary, partHead } from "#standards/dicomweb/multipart.ts";

/** PS3.18 §10.4.1.1.5: one value by the address that metadata gave: multipart or, when asked, single. */
export const retrieveBulkData: Handler = async (needs, asked, request, reply) => {
  const path = (asked.bulk ?? "").split("/");
  if (path.length > 129 || !path.every((part, at) => (at % 2 === 0 ? /^[0-9A-F]{8}$/ : /^\d{1,6}$/).test(part)))
    throw denied();
  const { opened, count } = await admit(needs, asked, "view");
  const { object } = await oneWithParts(needs, asked, opened);
  const found = await locate(needs, object, path);
  if (!found) throw denied();
  const single = parseAccept(acceptOf(asked, request)).some(({ type }) => type === "application/octet-stream");
  const boundary = newBoundary();
  const values = valuesOf(needs, object, found);
  async function* body(): AsyncGenerator<Uint8Array> {
    let first = true;
    for (const value of values) {
      if (!single)
        yield partHead(boundary, { "Content-Type": `application/octet-stream; transfer-syntax=${EXPLICIT_LE}` }, first);
      for await (const piece of value) {
        count({ bytes: piece.length });
        yield piece;
      }
      first = false;
    }
    if (!single) yield closing(boundary, first);
  }
  reply.type(
    single ? "application/octet-stream" : `multipart/related; type="application/octet-stream"; boundary="${boundary}"`,
  );
  return reply.send(Readable.from(body()));
};

export type Located = { element: Element; inflated: boolean };

/** Reads the object again up to the element; nothing of it is kept but that value. */
export async function locate(
  { world }: Pick<DicomwebNeeds, "world">,
  object: StoredObject,
  path: readonly string[],
): Promise<Located | null> {
  const top = Number.parseInt(path[0] ?? "", 16);
  const reader = new Part10Reader({ totalLength: object.row.bytes });
  for await (const piece of plainRange(world.blobs, object, 0, object.row.bytes)) {
    reader.write(piece);
    if (reader.header && top < 0x7fe00008) break;
  }
  const dataSet = reader.header?.dataSet ?? reader.end().dataSet;
  const element = walk(dataSet, path);
  return element ? { element, inflated: object.row.transfer_syntax === "1.2.840.10008.1.2.1.99" } : null;
}

function walk(root: DataSet, path: readonly string[]): Element | undefined {
  let dataSet: DataSet | undefined = root;
  for (let at = 0; at < path.length; at += 2) {
    const element: Element | undefined = dataSet?.get(Number.parseInt(path[at] ?? "", 16));
    if (at === path.length - 1) return element;
    dataSet = element?.is === "sequence" ? element.items[Number(path[at + 1])] : undefined;
  }
  return undefined;
}

/** The bytes of an element that was located: one value, or one for each fragment. */
export function valuesOf(
  { world }: Pick<DicomwebNeeds, "world">,
  object: StoredObject,
  { element, inflated }: Located,
): AsyncIterable<Uint8Array>[] {
  switch (element.is) {
    case "value":
      return [Readable.from([element.bytes])];
    case "range":
      return [dataRange(world.blobs, object, inflated, element.offset, element.offset + element.length)];
    case "fragments":
      return element.fragments.offsets.map((offset, at) =>
        dataRange(world.blobs, object, inflated, offset, offset + (element.fragments.lengths[at] ?? 0)),
      );
    case "sequence":
      return [];
  }
}
