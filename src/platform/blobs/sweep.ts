import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BlobName, newBlobName } from "./blobs.ts";
import { entries } from "./files.ts";

/** Nobody writes one object for longer. */
const LONGEST_WRITE_MS = 48 * 3_600_000;
/** Between an object's commit and its row's: what is younger may still get its row from another process of ours. */
const GRACE_MS = 60_000;
const MARKER = "swept";

type IsKnown = (names: readonly BlobName[]) => Promise<ReadonlySet<string>>;

/**
 * Removes half-written files of dead processes and whole files without a row. Looks only at folders that can have changed
 * since the sweep before, so that start-up does not grow with the archive.
 */
export async function sweepDirectory(
  root: string,
  isKnown: IsKnown,
  isOurs: (part: string) => boolean,
): Promise<{ removed: number }> {
  const began = Date.now();
  const from = newBlobName(Math.max(0, (await lastSweep(root)) - LONGEST_WRITE_MS));
  let removed = 0;
  for (const days of await entries(root)) {
    if (days < from.slice(0, 5)) continue;
    for (const minute of await entries(join(root, days))) {
      if (days + minute < from.slice(0, 8)) continue;
      removed += await sweepFolder(join(root, days, minute), isKnown, isOurs);
    }
  }
  await writeFile(join(root, MARKER), `${began}\n`, { mode: 0o600 });
  return { removed };
}

async function lastSweep(root: string): Promise<number> {
  try {
    return Number(await readFile(join(root, MARKER), "utf8")) || 0;
  } catch {
    return 0;
  }
}

async function sweepFolder(folder: string, isKnown: IsKnown, isOurs: (part: string) => boolean): Promise<number> {
  const found = await entries(folder);
  const halves = found.filter((name) => name.includes(".") && !isOurs(join(folder, name)));
  const whole = found.filter((name) => !name.includes(".")) as BlobName[];
  let removed = 0;
  for (const half of halves) {
    if (await isBeingWritten(join(folder, half))) continue;
    await rm(join(folder, half), { force: true });
    removed++;
  }
  for (let at = 0; at < whole.length; at += 1_000) {
    const group = whole.slice(at, at + 1_000);
    const known = await isKnown(group);
    for (const name of group) {
      if (known.has(name) || (await ageOf(join(folder, name))) < GRACE_MS) continue;
      await rm(join(folder, name), { force: true });
      removed++;
    }
  }
  return removed;
}

/** A half-written file carries its writer's process number. */
async function isBeingWritten(path: string): Promise<boolean> {
  const pid = Number(path.slice(path.lastIndexOf(".") + 1));
  if (pid === process.pid || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return (await ageOf(path)) < LONGEST_WRITE_MS;
}

async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return 0; // gone meanwhile
  }
}
