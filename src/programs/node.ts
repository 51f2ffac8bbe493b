import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { StudiesWorld } from "#features/studies/actions.ts";
import { Indexer } from "#features/studies/indexer.ts";
import { Keyring } from "#features/keys/keyring.ts";
import { Gate } from "#features/sharing/gate.ts";
import { systemClock } from "#kit/time.ts";
import { openDirectory } from "#platform/blobs/directory.ts";
import type { Config } from "#platform/config.ts";
import { openDecoders } from "#platform/decoders/decoders.ts";
import { masterKeyFile } from "#platform/keys.ts";
import { openDatabase } from "#platform/postgres/db.ts";
import { wrapperFromKey } from "#trust/keys/wrapper.ts";
import { masterKeyId } from "#trust/keys/master.ts";

/** Everything a program of this server stands on, put together once. */
export type Node = StudiesWorld & { gate: Gate; config: Config; close(): Promise<void> };

const MIB = 1024 * 1024;

export async function openNode(config: Config): Promise<Node> {
  const master = await masterKeyFile(config.dataDir);
  const database = await openDatabase(config);
  const blobs = await openDirectory({ root: join(config.dataDir, "objects") });
  const decoders = openDecoders({ size: 2, memoryLimit: 1024 * MIB, timeLimit: 30_000 });
  const keyring = new Keyring({ wrappers: [wrapperFromKey(master, masterKeyId(master))], now: systemClock });
  const world = { database, keyring, blobs, decoders, random: randomBytes };
  const indexer = new Indexer(world);
  return {
    ...world,
    indexer,
    gate: new Gate(world),
    config,
    async close() {
      await decoders.close();
      await blobs.close();
      await database.close();
    },
  };
}
