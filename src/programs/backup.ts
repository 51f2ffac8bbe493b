import { join, resolve } from "node:path";
import { settleLedger } from "#features/audit/ledger/sequencer.ts";
import { sayFinding } from "#features/audit/ledger/state.ts";
import { allLedgers } from "#features/audit/ledger/tree-queries.ts";
import { WitnessFolder } from "#features/audit/ledger/witness.ts";
import { readManifest } from "#features/compliance/backup/manifest.ts";
import { proveRestored } from "#features/compliance/backup/opening.ts";
import { finishRestore, type Restored, restoreBackup } from "#features/compliance/backup/restore.ts";
import { takeBackup } from "#features/compliance/backup/take.ts";
import { backupKeyFile } from "#features/compliance/encryption.ts";
import { openSharing } from "#features/compliance/sharing-closed.ts";
import { Fault } from "#kit/fault.ts";
import { uuidv7 } from "#kit/uuid.ts";
import { openDirectory } from "#platform/blobs/directory.ts";
import { existingMasterKey } from "#platform/keys.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { masterKeyId } from "#trust/keys/master.ts";
import { inOffice } from "./admin.ts";
import { type Call, type Command, WrongUse } from "./command.ts";
import { journalNews } from "./journal.ts";
import { type Office, openOffice } from "./node.ts";

function folderOf(given: string, option: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given))
    throw new WrongUse(`--${option} is a folder; copy a backup on from there`);
  return resolve(given);
}

export const backupCommand: Command = {
  usage: "--to DIR",
  options: { to: { value: "DIR", says: "a folder that is empty or not there yet", required: true } },
  run: (call) =>
    inOffice(call, async (office) => {
      const { dataDir } = office.config;
      const folder = folderOf(call.need("to"), "to");
      const blobs = await openDirectory({ root: join(dataDir, "objects") });
      try {
        const witness = new WitnessFolder(dataDir);
        call.say("Copying …");
        const taken = await takeBackup({ world: office, blobs, master: office.master, dataDir, witness }, folder);
        await journalNews(office);
        const { id, sha256, objects, bytes, rows, keyFile } = taken;
        call.answer(
          { id, folder, sha256, objects, bytes, rows, key: keyFile },
          `Backup ${id} is in ${folder}: ${objects} objects, ${rows} rows, ${bytes} bytes; manifest ${sha256}.\nIts key is ${keyFile}: move it to where neither the data nor the backup is. The master key is not in it.\n`,
        );
      } finally {
        await blobs.close();
      }
    }),
};

export const restoreCommand: Command = {
  usage: "--from DIR [--journal FILE …] [--key FILE]",
  options: {
    from: { value: "DIR", says: "the backup's folder", required: true },
    journal: {
      value: "FILE",
      says: "a journal of revocations kept since; without one sharing stays closed",
      multiple: true,
    },
    key: { value: "FILE", says: "the backup's key; keys/backup-ID.key in the data directory unless given" },
  },
  async run(call) {
    const config = call.config();
    const { dataDir } = config;
    const from = folderOf(call.need("from"), "from");
    const { manifest } = await readManifest(from);
    const master = await existingMasterKey(dataDir);
    if (master === null)
      throw new Fault(
        "config.invalid",
        `Put master.key (${manifest.masterKey}) into ${join(dataDir, "keys")} first: it is in no backup.`,
        { place: "keys/master.key" },
      );
    const blobs = await openDirectory({ root: join(dataDir, "objects") });
    let restored: Restored;
    try {
      call.say(`Restoring the backup of ${manifest.takenAt} …`);
      const options = {
        from,
        keyFile: call.value("key") ?? backupKeyFile(dataDir, manifest.id),
        journals: call.values("journal"),
      };
      restored = await restoreBackup({ config, masterKey: masterKeyId(master), blobs }, options);
    } finally {
      await blobs.close();
    }
    const office = await openOffice(config, { restoring: true });
    try {
      return await prove(call, office, restored);
    } finally {
      await office.close();
    }
  },
};

const CLOSED: Readonly<Record<NonNullable<Restored["sharingClosed"]>, string>> = {
  "no-journal": "no journal was given",
  "journal-ends-too-early": "the journal does not reach beyond the backup",
  "journal-damaged": "lines of the journal are missing or changed",
};

async function prove(call: Call, office: Office, restored: Restored): Promise<"negative" | undefined> {
  const { manifest, replayed, killed, sharingClosed } = restored;
  const reports = await proveRestored(office, restored, new WitnessFolder(office.config.dataDir));
  const verified = reports.every(({ findings }) => findings.length === 0);
  if (verified) await finishRestore(office.config.dataDir);
  const total = [...replayed.values()].reduce((sum, count) => sum + count, 0);
  const findings = reports.flatMap((report) =>
    report.findings.map((finding) => `  ${report.organisation}: ${sayFinding(finding)}\n`),
  );
  const sharing =
    sharingClosed === null
      ? `The journal replayed ${total} revocations.`
      : `Sharing stays closed: ${CLOSED[sharingClosed]} (${total} revocations were replayed). When you know what was revoked since, run: safelight admin sharing open`;
  call.answer(
    { id: manifest.id, takenAt: manifest.takenAt, verified, replayed: total, sharingClosed, killed, ledgers: reports },
    `The backup of ${manifest.takenAt} is restored: ${manifest.objects.count} objects, ${manifest.database.rows} rows.\nSessions, links, tokens, invitations and jobs are dead (${killed.links} links, ${killed.tokens} tokens).\n${sharing}\nThe record ${verified ? "verifies" : "DOES NOT verify; nothing starts on this data"}.\n${findings.join("")}`,
  );
  return verified ? undefined : "negative";
}

export const openSharingCommand: Command = {
  usage: "",
  run: (call) =>
    inOffice(call, async (office) => {
      const result = await openSharing(office, uuidv7());
      const witness = new WitnessFolder(office.config.dataDir);
      if (result.wasClosed)
        for (const organisation of await office.database.read(NO_SCOPE, allLedgers))
          await settleLedger(office, organisation, witness);
      call.answer(
        result,
        result.wasClosed
          ? `Sharing is open again: ${result.opened} studies' shares that still stand; ${result.dropped} had ended.\n`
          : "Sharing was not closed.\n",
      );
    }),
};
