import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type pg from "pg";
import { linesOf } from "#features/audit/ledger/lines.ts";
import { Fault } from "#kit/fault.ts";
import { type Blobs, parseBlobName } from "#platform/blobs/blobs.ts";
import { pathOf } from "#platform/blobs/directory.ts";
import { syncFolder } from "./manifest.ts";

export type ObjectsCopied = { count: number; bytes: number; sha256: string };

const PAGE = 1_000;
const AT_ONCE = 8;
export const OBJECTS_FOLDER = "objects";

/** The names of every object that the snapshot knows, in order. */
async function* namesIn(client: pg.ClientBase): AsyncGenerator<string, void, undefined> {
  for (const table of ["instance", "quarantine"]) {
    for (let after = "", full = true; full; ) {
      const { rows } = await client.query<{ blob: string }>(
        `select distinct blob from ${table} where blob > $1 order by blob limit ${PAGE}`,
        [after],
      );
      for (const { blob } of rows) yield blob;
      full = rows.length === PAGE;
      after = rows.at(-1)?.blob ?? after;
    }
  }
}

/** Copies the sealed objects as they are and lists each with its size and hash in `objects.tsv`. */
export async function copyObjectsOut(client: pg.ClientBase, blobs: Blobs, folder: string): Promise<ObjectsCopied> {
  const root = join(folder, OBJECTS_FOLDER);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const list = createWriteStream(join(folder, "objects.tsv"), { flags: "wx", mode: 0o600, flush: true });
  const hash = createHash("sha256");
  const total = { count: 0, bytes: 0 };
  const folders = new Set<string>();
  await inParallel(namesIn(client), async (name) => {
    const path = pathOf(root, parseBlobName(name));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    folders.add(dirname(path)).add(dirname(dirname(path)));
    const copied = await copyOne(blobs, name, path);
    const line = `${name}\t${copied.bytes}\t${copied.sha256}\n`;
    hash.update(line);
    if (!list.write(line)) await new Promise((resolve) => list.once("drain", resolve));
    total.count += 1;
    total.bytes += copied.bytes;
  });
  await new Promise<void>((resolve, reject) => list.once("error", reject).end(resolve));
  for (const one of [...folders, root, folder]) await syncFolder(one);
  return { ...total, sha256: hash.digest("hex") };
}

async function copyOne(blobs: Blobs, name: string, path: string): Promise<{ bytes: number; sha256: string }> {
  const size = await blobs.size(parseBlobName(name));
  if (size === undefined)
    throw new Fault(
      "storage.missing",
      "An object that the index knows is not in the store; find it before you rely on a backup.",
      {
        place: name,
      },
    );
  const hash = createHash("sha256");
  const file = await open(path, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const piece of blobs.readRange(parseBlobName(name), 0, size)) {
      hash.update(piece);
      await file.write(piece);
      bytes += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (bytes !== size)
    throw new Fault("storage.missing", "An object in the store became shorter while it was read.", { place: name });
  return { bytes, sha256: hash.digest("hex") };
}

/** Puts the objects of a backup into an empty store, each proven by its hash before the next step trusts it. */
export async function copyObjectsIn(folder: string, blobs: Blobs, expected: ObjectsCopied): Promise<void> {
  const listHash = createHash("sha256");
  const total = { count: 0, bytes: 0 };
  const listed = async function* (): AsyncGenerator<string, void, undefined> {
    for await (const line of linesOf(join(folder, "objects.tsv"))) {
      listHash.update(`${line}\n`);
      yield line;
    }
  };
  await inParallel(listed(), async (line) => {
    const [, name, bytes, sha256] = /^([0-9a-f]{32})\t(\d{1,15})\t([0-9a-f]{64})$/.exec(line) ?? [];
    if (name === undefined) throw damaged("objects.tsv");
    const path = pathOf(join(folder, OBJECTS_FOLDER), parseBlobName(name));
    await putOne(blobs, name, path, { bytes: Number(bytes), sha256: sha256 ?? "" });
    total.count += 1;
    total.bytes += Number(bytes);
  });
  if (listHash.digest("hex") !== expected.sha256 || total.count !== expected.count || total.bytes !== expected.bytes)
    throw damaged("objects.tsv");
}

async function putOne(
  blobs: Blobs,
  name: string,
  path: string,
  right: { bytes: number; sha256: string },
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== right.bytes) throw damaged(name);
  const hash = createHash("sha256");
  const writer = await blobs.create(parseBlobName(name));
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
      hash.update(piece);
      await writer.write([piece]);
    }
    if (hash.digest("hex") !== right.sha256) throw damaged(name);
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function damaged(place: string): Fault {
  return new Fault("seal.broken", "The backup is damaged: an object is missing or is not the one that was copied.", {
    place,
  });
}

/** Works through items, a few at once; the first failure stops it. */
async function inParallel<T>(
  items: AsyncGenerator<T, void, undefined>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = await items.next(); !next.done; next = await items.next()) await work(next.value);
  };
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
