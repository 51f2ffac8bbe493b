import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { deriveKey } from "#trust/keys/derive.ts";
import { newKey, type SecretKey } from "#trust/keys/wrap.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a backup is: written last, so that a folder without it is no backup. It holds no secret and no patient. */
export const Manifest = z.strictObject({
  format: z.literal("safelight-backup"),
  version: z.literal(1),
  id: z.uuid(),
  takenAt: z.iso.datetime(),
  /** The public name of the master key that opens what lies inside; the key itself is in no backup. */
  masterKey: z.string(),
  migrations: z.array(z.strictObject({ name: z.string(), checksum: Sha256 })),
  database: z.strictObject({ file: z.literal("database.sealed"), bytes: z.number(), sha256: Sha256, rows: z.number() }),
  objects: z.strictObject({ file: z.literal("objects.tsv"), sha256: Sha256, count: z.number(), bytes: z.number() }),
  /** Every ledger's newest checkpoint: the backup is a witness. */
  checkpoints: z.array(z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

export const MANIFEST_FILE = "manifest.json";

/** Writes the manifest with its authentication code; the folder is a backup once this returns. Answers its SHA-256. */
export async function writeManifest(folder: string, manifest: Manifest, key: SecretKey): Promise<Buffer> {
  const text = `${JSON.stringify({ ...manifest, mac: macOf(manifest, key).toString("hex") }, null, 2)}\n`;
  await writeDurably(join(folder, MANIFEST_FILE), text, 0o600);
  return createHash("sha256").update(text).digest();
}

/** `mac` and what the file holds, and its SHA-256, by which the record knows it. */
export type ReadManifest = { manifest: Manifest; mac: string; sha256: Buffer };

/** @throws Fault input.invalid for what is no backup */
export async function readManifest(folder: string): Promise<ReadManifest> {
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST_FILE), "utf8");
  } catch (error) {
    throw new Fault("input.invalid", "There is no whole backup in that folder: manifest.json is missing.", {
      place: "from",
      cause: error,
    });
  }
  try {
    const { mac, ...manifest } = JSON.parse(text) as Record<string, unknown>;
    const sha256 = createHash("sha256").update(text).digest();
    return { manifest: Manifest.parse(manifest), mac: z.string().parse(mac), sha256 };
  } catch (error) {
    throw new Fault("input.invalid", "manifest.json is not one this version of Safelight wrote.", {
      place: "from",
      cause: error,
    });
  }
}

/** @throws Fault seal.broken */
export function checkManifest({ manifest, mac }: ReadManifest, key: SecretKey): void {
  const given = Buffer.from(mac, "hex");
  const right = macOf(manifest, key);
  if (given.length !== right.length || !timingSafeEqual(given, right))
    throw new Fault("seal.broken", "The backup's manifest was changed, or the key belongs to another backup.", {
      place: "from",
    });
}

function macOf(manifest: Manifest, key: SecretKey): Buffer {
  const macKey = deriveKey(key, "safelight backup manifest").reveal();
  return createHmac("sha256", macKey).update(canonicalJson(manifest)).digest();
}

/** A fresh key in a file of its own, mode 0600: the runbook says where to take it. */
export async function makeBackupKey(path: string, id: string): Promise<SecretKey> {
  const key = newKey();
  const hex = Buffer.from(key.reveal()).toString("hex");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(
    path,
    `# This key opens one backup. Move it to where neither the data nor the backup is; destroy it when the backup's time is over.\nsafelight-backup-key 1 ${id} ${hex}\n`,
    0o600,
  );
  return key;
}

/** @throws Fault input.invalid naming the file's trouble, never its content */
export async function readBackupKey(path: string, id: string): Promise<SecretKey> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new Fault(
      "input.invalid",
      `The backup's key is needed: give its file with --key, or put it back to keys/backup-${id}.key.`,
      {
        place: "key",
        cause: error,
      },
    );
  }
  const [, named, hex] = /^safelight-backup-key 1 (\S{36}) ([0-9a-f]{64})$/m.exec(text) ?? [];
  if (hex === undefined || named !== id)
    throw new Fault("input.invalid", "The key file belongs to another backup, or is none.", { place: "key" });
  return new Hidden(new Uint8Array(Buffer.from(hex, "hex")));
}

/** Whole or not at all, also after a loss of power. */
export async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const half = `${path}.half`;
  const file = await open(half, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(half, path);
  await syncFolder(dirname(path));
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
