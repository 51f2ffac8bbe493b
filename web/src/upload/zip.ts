/**
 * Lists a ZIP that lies in a Blob and takes single files out of it, without reading the rest (APPNOTE 6.3.10 §4.3).
 * Everything in it is hostile: offsets are checked against what is there, sizes are spent, names are only shown.
 */

export type ZipEntry = { name: string; size: number; packed: number; method: number; headerAt: number };
export class ZipUnreadable extends Error {}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MOST_ENTRIES = 200_000;
const MOST_DIRECTORY = 64 * 1024 * 1024;

const view = async (blob: Blob, from: number, to: number): Promise<DataView> =>
  new DataView(await blob.slice(from, to).arrayBuffer());

export async function isZip(blob: Blob): Promise<boolean> {
  if (blob.size < 22) return false;
  const start = (await view(blob, 0, 4)).getUint32(0, true);
  return start === LOCAL || start === END;
}

/** The files in the archive's directory; folders and encrypted entries are left out. Throws `ZipUnreadable`. */
export async function listZip(blob: Blob): Promise<ZipEntry[]> {
  const { at, size, count } = await findDirectory(blob);
  if (size > MOST_DIRECTORY || count > MOST_ENTRIES || at + size > blob.size) throw new ZipUnreadable();
  const directory = await view(blob, at, at + size);
  const entries: ZipEntry[] = [];
  let place = 0;
  while (
    entries.length < MOST_ENTRIES &&
    place + 46 <= directory.byteLength &&
    directory.getUint32(place, true) === CENTRAL
  ) {
    const nameLength = directory.getUint16(place + 28, true);
    const extraLength = directory.getUint16(place + 30, true);
    const next = place + 46 + nameLength + extraLength + directory.getUint16(place + 32, true);
    if (next > directory.byteLength) throw new ZipUnreadable();
    const entry = readEntry(directory, place, nameLength, extraLength);
    if (entry) entries.push(entry);
    place = next;
  }
  return entries;
}

async function findDirectory(blob: Blob): Promise<{ at: number; size: number; count: number }> {
  const tailAt = Math.max(0, blob.size - 22 - 0xffff);
  const tail = await view(blob, tailAt, blob.size);
  for (let place = tail.byteLength - 22; place >= 0; place--) {
    if (tail.getUint32(place, true) !== END) continue;
    const found = {
      count: tail.getUint16(place + 10, true),
      size: tail.getUint32(place + 12, true),
      at: tail.getUint32(place + 16, true),
    };
    const large = found.count === 0xffff || found.size === 0xffffffff || found.at === 0xffffffff;
    return large ? findDirectory64(blob, tailAt + place) : found;
  }
  throw new ZipUnreadable();
}

async function findDirectory64(blob: Blob, endAt: number): Promise<{ at: number; size: number; count: number }> {
  if (endAt < 20) throw new ZipUnreadable();
  const locator = await view(blob, endAt - 20, endAt);
  if (locator.getUint32(0, true) !== LOCATOR64) throw new ZipUnreadable();
  const at = Number(locator.getBigUint64(8, true));
  if (at + 56 > blob.size) throw new ZipUnreadable();
  const end = await view(blob, at, at + 56);
  if (end.getUint32(0, true) !== END64) throw new ZipUnreadable();
  return {
    count: Number(end.getBigUint64(32, true)),
    size: Number(end.getBigUint64(40, true)),
    at: Number(end.getBigUint64(48, true)),
  };
}

function readEntry(directory: DataView, at: number, nameLength: number, extraLength: number): ZipEntry | undefined {
  const flags = directory.getUint16(at + 8, true);
  const name = new TextDecoder(flags & 0x800 ? "utf-8" : "latin1").decode(
    new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength),
  );
  const large = readLarge(directory, at, at + 46 + nameLength, extraLength);
  const encrypted = (flags & 1) !== 0;
  return name.endsWith("/") || encrypted ? undefined : { name, method: directory.getUint16(at + 10, true), ...large };
}

/** §4.5.3: sizes and offset that do not fit 32 bits stand in extra field 1, in this order, only those that are needed. */
function readLarge(
  directory: DataView,
  at: number,
  extraAt: number,
  extraLength: number,
): Pick<ZipEntry, "size" | "packed" | "headerAt"> {
  const found = {
    packed: directory.getUint32(at + 20, true),
    size: directory.getUint32(at + 24, true),
    headerAt: directory.getUint32(at + 42, true),
  };
  for (let place = extraAt; place + 4 <= extraAt + extraLength; place += 4 + directory.getUint16(place + 2, true)) {
    if (directory.getUint16(place, true) !== 1) continue;
    let value = place + 4;
    const end = Math.min(value + directory.getUint16(place + 2, true), extraAt + extraLength);
    for (const key of ["size", "packed", "headerAt"] as const)
      if (found[key] === 0xffffffff && value + 8 <= end) {
        found[key] = Number(directory.getBigUint64(value, true));
        value += 8;
      }
  }
  return found;
}

/** One file out of the archive, at most as large as its directory said (and as `most` allows). Throws `ZipUnreadable`. */
export async function openEntry(blob: Blob, entry: ZipEntry, most = Number.POSITIVE_INFINITY): Promise<Blob> {
  if (entry.headerAt + 30 > blob.size) throw new ZipUnreadable();
  const local = await view(blob, entry.headerAt, entry.headerAt + 30);
  if (local.getUint32(0, true) !== LOCAL) throw new ZipUnreadable();
  const from = entry.headerAt + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = blob.slice(from, from + entry.packed);
  if (entry.method === 0) return packed.slice(0, most);
  if (entry.method !== 8) throw new ZipUnreadable();
  return inflate(packed, Math.min(entry.size, most));
}

async function inflate(packed: Blob, most: number): Promise<Blob> {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: BlobPart[] = [];
  let left = most;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      const taken = value.subarray(0, left);
      parts.push(taken as Uint8Array<ArrayBuffer>);
      left -= taken.length;
    }
  } catch {
    throw new ZipUnreadable();
  } finally {
    void reader.cancel().catch(() => {});
  }
  return new Blob(parts);
}
