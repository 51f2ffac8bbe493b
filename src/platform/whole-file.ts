import { randomBytes } from "node:crypto";
import { closeSync, constants, fsyncSync, lstatSync, openSync, readdirSync, rmSync } from "node:fs";
import { link, lstat, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What is there already is replaced, or stays as it is. */
type Placing = { mode: number; replace?: boolean };

/**
 * Puts a file in place whole and durably: written aside, flushed, then named, then its folder flushed. Whoever finds the name, after a
 * crash at any moment too, finds all of its bytes. Answers false where there was one that stays.
 */
export async function placeFile(path: string, content: string, { mode, replace = false }: Placing): Promise<boolean> {
  const half = halfOf(path);
  try {
    const file = await open(half, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (replace) await rename(half, path);
    else if (!(await named(half, path))) return false;
  } finally {
    await rm(half, { force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/** A link fails where the name is taken; on disks without links we look first. */
async function named(half: string, path: string): Promise<boolean> {
  try {
    await link(half, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw error;
  }
  if (await lstat(path).catch(() => undefined)) return false;
  await rename(half, path);
  return true;
}

/** Where something is made before it gets its name: this name tells whose it is, so that what a crash leaves can be removed. */
export function halfOf(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
}

const HALF = /^.+\.(\d+)\.[0-9a-f]{8}$/;

/** Removes what programs that are gone had begun to make in a folder, files and folders; what cannot be removed now stays for the next time. */
export function removeHalves(folder: string): void {
  for (const entry of namesIn(folder)) {
    const pid = Number(HALF.exec(entry)?.[1]);
    if (!(pid > 0) || !isLeft(join(folder, entry), pid)) continue;
    try {
      rmSync(join(folder, entry), { recursive: true, force: true });
    } catch {} // somebody works in it after all
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Nobody of that number lives, or the number is ours now and the thing is older than we are. */
function isLeft(path: string, pid: number): boolean {
  if (pid === process.pid) {
    const born = Date.now() - process.uptime() * 1000;
    return (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? born) < born;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Makes the names in a folder durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
