import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { z } from "zod";
import { action, type World } from "#features/audit/action.ts";
import { systemActor } from "#features/audit/actor.ts";
import { settleLedger } from "#features/audit/ledger/sequencer.ts";
import { rememberWitness, type WitnessFolder } from "#features/audit/ledger/witness.ts";
import { REFUSED } from "#features/audit/rules.ts";
import { backupKeyFile } from "#features/compliance/encryption.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import type { Blobs } from "#platform/blobs/blobs.ts";
import { copyOut } from "#platform/postgres/copy.ts";
import { masterKeyId } from "#trust/keys/master.ts";
import type { SecretKey } from "#trust/keys/wrap.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import { sealStream } from "#trust/seal/sealer.ts";
import { type Frame, writeFrame } from "./frames.ts";
import { type Manifest, makeBackupKey, writeManifest } from "./manifest.ts";
import { copyObjectsOut } from "./objects.ts";
import { tablesToDump } from "./tables.ts";

export type BackupNeeds = {
  world: World;
  blobs: Blobs;
  master: SecretKey;
  dataDir: string;
  witness: Pick<WitnessFolder, "keep">;
};

export type Taken = {
  id: string;
  sha256: string;
  objects: number;
  bytes: number;
  rows: number;
  keyFile: string;
  takenAt: string;
};

/** Files beside the database that a restored house needs: its certification authority and what that signed. */
const FILE_FOLDERS = ["certificates"];

/**
 * A consistent copy of the house in an empty folder: every table in one snapshot, sealed under a key of its own, and the sealed
 * objects that the snapshot knows. Durable, and on every organisation's record, when it returns. Works while the server runs.
 * @throws Fault input.invalid for a folder that is not empty, storage.full, storage.missing
 */
export async function takeBackup(needs: BackupNeeds, folder: string): Promise<Taken> {
  await emptyFolder(folder);
  const { world, dataDir } = needs;
  const organisations = await world.database.owner.query<{ id: string }>("select id from organisation order by id");
  const ids = organisations.rows.map(({ id }) => id);
  for (const id of ids) await settleLedger(world, id, needs.witness);
  const id = uuidv7();
  const keyFile = backupKeyFile(dataDir, id);
  const key = await makeBackupKey(keyFile, id);
  const manifest = await inSnapshot(world.database.owner, (client, takenAt) =>
    copyHouse(needs, { client, takenAt, folder, id, key }),
  );
  const sha256 = await writeManifest(folder, manifest, key);
  const bytes = manifest.database.bytes + manifest.objects.bytes;
  await world.database.owner.query(
    "insert into backup (id, at, manifest_sha256, objects, bytes) values ($1, $2, $3, $4, $5)",
    [id, manifest.takenAt, sha256, manifest.objects.count, bytes],
  );
  const taken = {
    id,
    sha256: sha256.toString("hex"),
    objects: manifest.objects.count,
    bytes,
    rows: manifest.database.rows,
  };
  for (const organisation of ids) await putOnRecord(needs, organisation, taken, manifest);
  return { ...taken, keyFile, takenAt: manifest.takenAt };
}

const Recorded = z.object({
  id: z.uuid(),
  sha256: z.string(),
  objects: z.number(),
  bytes: z.number(),
  takenAt: z.string(),
});

const recordBackup = action("backup.create", Recorded, async (_inside, who, { id, ...detail }) =>
  who.kind === "system" ? { done: {}, audit: { subject: id, because: "own-duty", detail } } : REFUSED,
);

async function putOnRecord(
  needs: BackupNeeds,
  organisation: string,
  taken: Omit<Taken, "keyFile" | "takenAt">,
  manifest: Manifest,
): Promise<void> {
  const { id, sha256, objects, bytes } = taken;
  await recordBackup(needs.world, systemActor(organisation, uuidv7()), {
    id,
    sha256,
    objects,
    bytes,
    takenAt: manifest.takenAt,
  });
  const note = manifest.checkpoints.map(readCheckpoint).find((one) => one.organisation === organisation);
  if (note)
    await needs.world.database.transaction({ organisation, person: null }, (tx) =>
      rememberWitness(tx, organisation, "backup", note.size),
    );
  await settleLedger(needs.world, organisation, needs.witness); // a checkpoint behind the backup: the journal shows that it goes on
}

async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw new Fault("input.invalid", "The folder of --to is not empty; every backup gets one of its own.", {
      place: "to",
    });
}

/** One read-only snapshot of the whole database, as the owner. */
async function inSnapshot<T>(pool: pg.Pool, work: (client: pg.PoolClient, takenAt: Date) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query("begin isolation level repeatable read read only");
    const { rows } = await client.query<{ now: Date }>("select now() as now");
    const result = await work(client, rows[0]?.now ?? new Date());
    await client.query("commit");
    broken = false;
    return result;
  } finally {
    client.release(broken);
  }
}

type Copying = { client: pg.PoolClient; takenAt: Date; folder: string; id: string; key: SecretKey };

async function copyHouse(needs: BackupNeeds, copying: Copying): Promise<Manifest> {
  const { client, folder, id } = copying;
  const database = await dumpDatabase(needs.dataDir, copying);
  const objects = await copyObjectsOut(client, needs.blobs, folder);
  const migrations = await client.query<{ name: string; checksum: string }>(
    "select name, checksum from migration order by name",
  );
  const notes = await client.query<{ note: string }>(
    "select distinct on (organisation) note from ledger_checkpoint order by organisation, size desc",
  );
  return {
    format: "safelight-backup",
    version: 1,
    id,
    takenAt: copying.takenAt.toISOString(),
    masterKey: masterKeyId(needs.master),
    migrations: migrations.rows,
    database: { file: "database.sealed", ...database },
    objects: { file: "objects.tsv", ...objects },
    checkpoints: notes.rows.map(({ note }) => note),
  };
}

async function dumpDatabase(
  dataDir: string,
  { client, folder, id, key }: Copying,
): Promise<Omit<Manifest["database"], "file">> {
  const counted = { rows: 0, bytes: 0 };
  const hash = createHash("sha256");
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      counted.bytes += chunk.length;
      done(null, chunk);
    },
  });
  const file = createWriteStream(join(folder, "database.sealed"), { flags: "wx", mode: 0o600, flush: true });
  await pipeline(
    Readable.from(bytesOf(dumpFrames(client, dataDir, counted)), { objectMode: false }),
    sealStream({ key, objectId: id }),
    meter,
    file,
  );
  return { bytes: counted.bytes, sha256: hash.digest("hex"), rows: counted.rows };
}

async function* bytesOf(frames: AsyncIterable<Frame>): AsyncGenerator<Buffer, void, undefined> {
  for await (const frame of frames) yield Buffer.concat(writeFrame(frame));
}

async function* dumpFrames(
  client: pg.PoolClient,
  dataDir: string,
  counted: { rows: number },
): AsyncGenerator<Frame, void, undefined> {
  let frames = 0;
  for await (const frame of innerFrames(client, dataDir, counted)) {
    frames += 1;
    yield frame;
  }
  yield { kind: "close", frames };
}

async function* innerFrames(
  client: pg.PoolClient,
  dataDir: string,
  counted: { rows: number },
): AsyncGenerator<Frame, void, undefined> {
  for (const { name, columns } of await tablesToDump(client)) {
    yield { kind: "table", name, columns };
    const rows = copyOut(client, `copy ${name} (${columns.join(", ")}) to stdout`);
    let next = await rows.next();
    for (; !next.done; next = await rows.next()) yield { kind: "data", bytes: next.value };
    counted.rows += next.value;
    yield { kind: "end", count: next.value };
  }
  for (const folder of FILE_FOLDERS) yield* filesIn(dataDir, folder);
}

async function* filesIn(dataDir: string, folder: string): AsyncGenerator<Frame, void, undefined> {
  const names = await readdir(join(dataDir, folder)).catch(() => []);
  for (const name of names.sort()) {
    const path = join(dataDir, folder, name);
    const { mode } = await stat(path);
    const bytes = await readFile(path);
    yield { kind: "file", name: `${folder}/${name}`, mode: mode & 0o777 };
    yield { kind: "data", bytes };
    yield { kind: "end", count: bytes.length };
  }
}
