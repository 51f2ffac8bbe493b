import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { World } from "#features/audit/action.ts";
import { UNFINISHED } from "#features/compliance/backup/restore.ts";
import { Keyring } from "#features/keys/keyring.ts";
import { Gate } from "#features/sharing/gate.ts";
import { Damage } from "#features/studies/damage.ts";
import { Indexer } from "#features/studies/indexer.ts";
import type { StudiesWorld } from "#features/studies/world.ts";
import { Fault } from "#kit/fault.ts";
import { Hidden } from "#kit/hidden.ts";
import { systemClock } from "#kit/time.ts";
import { openDirectory } from "#platform/blobs/directory.ts";
import type { Config } from "#platform/config.ts";
import { openDecoders } from "#platform/decoders/decoders.ts";
import { masterKeyFile } from "#platform/keys.ts";
import { openDatabase } from "#platform/postgres/db.ts";
import { removeHalves, syncFolder } from "#platform/whole-file.ts";
import { deriveKey } from "#trust/keys/derive.ts";
import { masterKeyId } from "#trust/keys/master.ts";
import type { SecretKey } from "#trust/keys/wrap.ts";
import { wrapperFromKey } from "#trust/keys/wrapper.ts";

/** What actions need, without the parts that only images use: enough for administration from the shell. */
export type Office = World & {
  config: Config;
  master: SecretKey;
  /** What signs sign-in cookies and seals TOTP secrets. */
  signinSecret: Hidden<string>;
  close(): Promise<void>;
};

/** Everything a program of this server stands on, put together once. */
export type Node = StudiesWorld & Office & { gate: Gate };

const MIB = 1024 * 1024;

/** Database and keys. Several programs may hold them at once on one data directory; the last to close ends the embedded database. */
export async function openOffice(config: Config, { restoring = false } = {}): Promise<Office> {
  if (!restoring && existsSync(join(config.dataDir, UNFINISHED)))
    throw new Fault(
      "config.invalid",
      "A restore into this data directory did not end well: restore into a new one, and see docs/runbook/backup.md.",
      { place: "dataDir" },
    );
  removeHalves(config.dataDir);
  const master = await masterKeyFile(config.dataDir);
  const database = await openDatabase(config);
  const keyring = new Keyring({ wrappers: [wrapperFromKey(master, masterKeyId(master))], now: systemClock });
  return {
    database,
    keyring,
    random: randomBytes,
    pepper: deriveKey(master, "safelight pepper"),
    config,
    master,
    signinSecret: new Hidden(Buffer.from(deriveKey(master, "safelight sign-in").reveal()).toString("hex")),
    close: () => database.close(),
  };
}

export async function openNode(config: Config): Promise<Node> {
  const office = await openOffice(config);
  const blobs = await openDirectory({ root: join(config.dataDir, "objects") });
  syncFolder(config.dataDir); // the store's own name, before anything in it
  const decoders = openDecoders({ size: 2, memoryLimit: 1024 * MIB, timeLimit: 30_000 });
  const world = { ...office, blobs, decoders, damaged: new Damage(office).note };
  return {
    ...world,
    indexer: new Indexer(world),
    gate: new Gate(world),
    async close() {
      await decoders.close();
      await blobs.close();
      await office.close();
    },
  };
}
