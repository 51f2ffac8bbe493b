import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { exportLedger } from "#features/audit/ledger/export.ts";
import { linesOf } from "#features/audit/ledger/lines.ts";
import { settleLedger } from "#features/audit/ledger/sequencer.ts";
import { publicKeyIn } from "#features/audit/ledger/signing-keys.ts";
import { allLedgers } from "#features/audit/ledger/tree-queries.ts";
import { verifyLedger } from "#features/audit/ledger/verify-live.ts";
import { noteIn, WitnessFolder } from "#features/audit/ledger/witness.ts";
import { findOrganisation } from "#features/people/organisation-actions.ts";
import { Fault } from "#kit/fault.ts";
import { NO_SCOPE } from "#platform/postgres/db.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import { verifyExport } from "#trust/ledger/export.ts";
import type { LedgerReport } from "#trust/ledger/verifier.ts";
import { inOffice, ORG, shellOf } from "./admin.ts";
import { type Call, type Command, WrongUse } from "./command.ts";
import { journalNews } from "./journal.ts";
import type { Office } from "./node.ts";

const { required: _, ...ANY_ORG } = ORG;

export const verifyLedgerCommand: Command = {
  usage: "[--org ORG] [--export FILE] [--since CHECKPOINT] [--key PUBKEY]",
  options: {
    org: { ...ANY_ORG, says: "only this organisation's record, by ID or exact name; every one unless given" },
    export: { value: "FILE", says: "an export instead of the database; needs no server and no other file" },
    since: {
      value: "CHECKPOINT",
      says: "a checkpoint that was kept elsewhere (its file, or the message it came in)",
      multiple: true,
    },
    key: {
      value: "PUBKEY",
      says: "the record's public key as it reached you another way: the line or a file that holds it",
    },
  },
  async run(call) {
    const since = await Promise.all(call.values("since").map(noteOf));
    const key = call.value("key") === undefined ? undefined : await keyOf(call.need("key"));
    const reports =
      call.value("export") === undefined ? await live(call, since, key) : [await offline(call, since, key)];
    const verified = reports.every(({ findings }) => findings.length === 0);
    call.answer({ verified, ledgers: reports }, reports.map(sayReport).join(""));
    return verified ? undefined : "negative";
  },
};

type Key = ReturnType<typeof publicKeyIn>;
type Report = LedgerReport & { pending?: number };

async function noteOf(path: string): Promise<string> {
  return noteIn(await textOf(path, "since"));
}

async function keyOf(given: string): Promise<Key> {
  return publicKeyIn(given.startsWith("safelight/") ? given : await textOf(given, "key"));
}

async function textOf(path: string, place: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Fault(
      "input.invalid",
      `The file of --${place} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`,
      {
        place,
        cause: error,
      },
    );
  }
}

async function offline(call: Call, since: string[], key: Key | undefined): Promise<Report> {
  const file = call.need("export");
  const pinned = key ?? (await keyInside(file));
  if (key === undefined)
    call.say(
      "The public key is the one in the file; compare it with the one that reached you another way, or give that with --key.",
    );
  return verifyExport(linesOf(file), pinned.publicKey, { since, organisation: pinned.organisation });
}

async function keyInside(file: string): Promise<Key> {
  for await (const line of linesOf(file)) {
    const key = /"publicKey":"(safelight\/[^"]{1,200})"/.exec(line)?.[1];
    if (key !== undefined) return publicKeyIn(key);
    break;
  }
  throw new Fault(
    "input.invalid",
    "The file does not begin as an export of a record does; give the public key with --key.",
    { place: "export" },
  );
}

function live(call: Call, since: string[], key: Key | undefined): Promise<Report[]> {
  return inOffice(call, async (office) => {
    const organisations = await chosen(office, call, since, key);
    const folder = new WitnessFolder(office.config.dataDir);
    const reports: Report[] = [];
    for (const organisation of organisations) {
      call.say(`Verifying the record of ${organisation} …`);
      const notes = since.filter((note) => readCheckpoint(note).organisation === organisation);
      reports.push(
        await verifyLedger(office, organisation, {
          since: [...notes, ...(await folder.notes(organisation))],
          key: key?.organisation === organisation ? key.publicKey : undefined,
        }),
      );
    }
    return reports;
  });
}

async function chosen(office: Office, call: Call, since: string[], key: Key | undefined): Promise<string[]> {
  const all = await office.database.read(NO_SCOPE, allLedgers);
  const asked = call.value("org");
  const organisations = asked === undefined ? all : [await findOrganisation(office, asked)];
  const named = [...since.map((note) => readCheckpoint(note).organisation), ...(key ? [key.organisation] : [])];
  const stranger = named.find((organisation) => !organisations.includes(organisation));
  if (stranger !== undefined)
    throw new WrongUse(`the checkpoint or key is about ${stranger}, whose record is not among those to verify`);
  return organisations;
}

function sayReport({ organisation, entries, checkpoints, signedTo, pending = 0, findings }: Report): string {
  const head = `${findings.length === 0 ? "holds" : "DOES NOT HOLD"}  ${organisation ?? "(unknown)"}: ${entries} entries, ${checkpoints} checkpoints, signed to entry ${signedTo}`;
  const waits = entries - signedTo + pending;
  const rest = waits > 0 ? `; ${waits} newer ones wait for their checkpoint` : "";
  const lines = findings.map(
    ({ kind, from, to, says }) => `  ${kind} at ${to > from + 1 ? `${from} to ${to - 1}` : from}: ${says}\n`,
  );
  return `${head}${rest}\n${lines.join("")}`;
}

export const exportLedgerCommand: Command = {
  usage: "--org ORG --to FILE [--details]",
  options: {
    org: ORG,
    to: { value: "FILE", says: "the file to write; it must not exist yet", required: true },
    details: { says: "disclose names, reasons and free text too; without it IDs and codes only" },
  },
  run: (call) =>
    inOffice(call, async (office) => {
      const who = await shellOf(office, call);
      const witness = new WitnessFolder(office.config.dataDir);
      const { checkpoint, lines } = await exportLedger(office, who, { details: call.flag("details"), witness });
      await write(call.need("to"), lines);
      const size = checkpoint?.size ?? 0;
      call.answer(
        { file: call.need("to"), entries: size, checkpoint: checkpoint?.note ?? null },
        `${size} entries are in ${call.need("to")}. It verifies with: npx safelight ledger verify --export ${call.need("to")} --key PUBKEY\n`,
      );
    }),
};

async function write(file: string, lines: AsyncIterable<string>): Promise<void> {
  const withFeeds = async function* (): AsyncGenerator<string, void, undefined> {
    for await (const line of lines) yield `${line}\n`;
  };
  try {
    await pipeline(Readable.from(withFeeds()), createWriteStream(file, { flags: "wx", mode: 0o600, flush: true }));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      "input.invalid",
      `The export cannot be written there (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`,
      {
        place: "to",
        cause: error,
      },
    );
  }
}

export const checkpointCommand: Command = {
  usage: "[--org ORG]",
  options: { org: { ...ANY_ORG, says: "only this organisation's record; every one unless given" } },
  run: (call) =>
    inOffice(call, async (office) => {
      const witness = new WitnessFolder(office.config.dataDir);
      const asked = call.value("org");
      const organisations =
        asked === undefined
          ? await office.database.read(NO_SCOPE, allLedgers)
          : [await findOrganisation(office, asked)];
      const made = [];
      for (const organisation of organisations) {
        const checkpoint = await settleLedger(office, organisation, witness);
        if (checkpoint) made.push({ organisation, size: checkpoint.size, note: checkpoint.note });
      }
      await journalNews(office);
      call.answer({ checkpoints: made }, made.map(({ note }) => `${note}\n`).join(""));
    }),
};
