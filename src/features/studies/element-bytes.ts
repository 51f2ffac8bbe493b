import { Readable } from "node:stream";
import { dataRange, plainRange, type StoredObject } from "#features/studies/stored-object.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import type { DataSet, Element } from "#standards/dicom/data-set.ts";
import { Part10Reader } from "#standards/dicom/read.ts";

type Needs = { world: StudiesWorld };
/** An element of a stored object, and whether its offsets count in the inflated data set. */
export type Located = { element: Element; inflated: boolean };

/** Reads the object again up to the element; nothing of it is kept but that value. */
export async function locate({ world }: Needs, object: StoredObject, path: readonly string[]): Promise<Located | null> {
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
  { world }: Needs,
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
