import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "#kit/fault.ts";
import { placeFile, removeHalves, syncFolder } from "#platform/whole-file.ts";
import { formatMasterKey, parseMasterKey } from "#trust/keys/master.ts";
import { newKey, type SecretKey } from "#trust/keys/wrap.ts";

export const MASTER_KEY_FILE = "master.key";

/**
 * The master key in `<data>/keys/master.key`: mode 0600 in a folder of mode 0700, made durably at first start and never
 * overwritten. The runbook keeps it out of the data's backup.
 * @throws Fault config.invalid when others can read it or it is damaged
 */
export async function masterKeyFile(dataDir: string): Promise<SecretKey> {
  const folder = join(dataDir, "keys");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, MASTER_KEY_FILE);
  removeHalves(folder);
  const existing = await readExisting(path);
  if (existing) return existing;
  const key = newKey();
  if (await placeFile(path, formatMasterKey(key), { mode: 0o600 })) {
    syncFolder(dataDir);
    return key;
  }
  const other = await readExisting(path); // another program of ours was quicker
  if (other === null) throw new Fault("internal", "the master key that was just there is gone");
  return other;
}

/** The master key where there is one: nothing is made. @throws Fault config.invalid as above */
export function existingMasterKey(dataDir: string): Promise<SecretKey | null> {
  return readExisting(join(dataDir, "keys", MASTER_KEY_FILE));
}

async function readExisting(path: string): Promise<SecretKey | null> {
  let mode: number;
  try {
    mode = (await stat(path)).mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw new Fault("config.invalid", "The master key file can be read by others; run chmod 600 on it.", {
      place: "keys/master.key",
    });
  return parseMasterKey(await readFile(path, "utf8"));
}
