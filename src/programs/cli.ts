import { Fault } from "#kit/fault.ts";
import { type Command, helpFor, type Io, parseCall, Usage, WrongUse } from "./command.ts";
import { configCommand } from "./config.ts";

/** A command's row: its words, what it does in a line, and where it lives; the module is loaded when it is called. */
export type Row = { words: string; summary: string; load: () => Promise<Command> };

/** Every command there is; `--help` lists them in this order. */
export const COMMANDS: readonly Row[] = [
  { words: "serve", summary: "the server", load: async () => (await import("./serve.ts")).serveCommand },
  {
    words: "demo",
    summary: "the whole thing on this machine with made-up patients",
    load: async () => (await import("./demo.ts")).demoCommand,
  },
  {
    words: "import",
    summary: "take in a file, a folder, a ZIP or what a DICOMDIR lists",
    load: async () => (await import("./import.ts")).importCommand,
  },
  ...adminRows(),
  ...recordRows(),
  {
    words: "config",
    summary: "show every setting, its value and where it comes from",
    load: () => Promise.resolve(configCommand),
  },
];

function recordRows(): Row[] {
  const ledger = () => import("./ledger.ts");
  const backup = () => import("./backup.ts");
  return [
    {
      words: "ledger verify",
      summary: "check the record, here or in an export",
      load: async () => (await ledger()).verifyLedgerCommand,
    },
    {
      words: "ledger export",
      summary: "a record as a file that verifies offline",
      load: async () => (await ledger()).exportLedgerCommand,
    },
    {
      words: "ledger checkpoint",
      summary: "sign the record as it stands now",
      load: async () => (await ledger()).checkpointCommand,
    },
    { words: "backup", summary: "a sealed copy of everything", load: async () => (await backup()).backupCommand },
    {
      words: "restore",
      summary: "a house from a backup, closed until it is proven",
      load: async () => (await backup()).restoreCommand,
    },
    {
      words: "admin sharing open",
      summary: "open what was shared again after a restore without its journal",
      load: async () => (await backup()).openSharingCommand,
    },
  ];
}

function adminRows(): Row[] {
  const admin = () => import("./admin.ts");
  const device = () => import("./admin-device.ts");
  const people = () => import("./admin-people.ts");
  return [
    {
      words: "admin org create",
      summary: "a new organisation",
      load: async () => (await admin()).createOrganisationCommand,
    },
    {
      words: "admin org list",
      summary: "every organisation",
      load: async () => (await admin()).listOrganisationsCommand,
    },
    {
      words: "admin user create",
      summary: "invite a person in a role",
      load: async () => (await people()).createUserCommand,
    },
    {
      words: "admin user reset",
      summary: "take a lost password and second factor away and invite anew",
      load: async () => (await people()).resetUserCommand,
    },
    {
      words: "admin device create",
      summary: "a device: AE title and certificate",
      load: async () => (await device()).createDeviceCommand,
    },
    {
      words: "admin partner create",
      summary: "record an agreement with another organisation",
      load: async () => (await people()).createPartnerCommand,
    },
    { words: "admin token create", summary: "a machine's token", load: async () => (await admin()).createTokenCommand },
    {
      words: "admin key rotate",
      summary: "a new version of an organisation's key",
      load: async () => (await admin()).rotateKeyCommand,
    },
  ];
}

/** 0 done, 1 a negative finding, 2 wrong use, 3 it could not be done. */
export type ExitCode = 0 | 1 | 2 | 3;

const STANDARD: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

/** Runs one command line and says how it ended; never throws. */
export async function main(
  args: readonly string[],
  io: Io = STANDARD,
  commands: readonly Row[] = COMMANDS,
): Promise<ExitCode> {
  try {
    return await dispatch(args, io, commands);
  } catch (error) {
    if (error instanceof WrongUse) {
      io.err(`safelight: ${error.message}\n`);
      return 2;
    }
    io.err(`safelight: ${sayFailure(error)}\n`);
    return 3;
  }
}

async function dispatch(args: readonly string[], io: Io, commands: readonly Row[]): Promise<ExitCode> {
  const row = find(args, commands);
  if (row === undefined) return overview(args, io, commands);
  const words = row.words.split(" ");
  const command = await row.load();
  const rest = args.slice(words.length);
  if (rest.includes("--help") || rest.includes("-h")) {
    io.out(helpFor(row.words, row.summary, command));
    return 0;
  }
  const call = parseCall(row.words, command, rest, io);
  return (await command.run(call)) === "negative" ? 1 : 0;
}

/** The row with the most words that the command line begins with. */
function find(args: readonly string[], commands: readonly Row[]): Row | undefined {
  return commands
    .filter(({ words }) => words.split(" ").every((word, at) => args[at] === word))
    .toSorted((a, b) => b.words.split(" ").length - a.words.split(" ").length)[0];
}

function overview(args: readonly string[], io: Io, commands: readonly Row[]): ExitCode {
  const group = args
    .filter((arg) => !arg.startsWith("-"))
    .slice(0, 1)
    .join();
  const listed = commands.filter(({ words }) => group === "" || words.split(" ")[0] === group);
  const asked = args.includes("--help") || args.includes("-h");
  if (listed.length === 0)
    throw new WrongUse(`there is no command "${group.slice(0, 40)}"; \`safelight --help\` lists them`);
  const width = Math.max(...listed.map(({ words }) => words.length));
  const lines = listed.map(({ words, summary }) => `  ${words.padEnd(width)}  ${summary}\n`);
  const text = `${Usage}\n\n${lines.join("")}\nEvery command has --help. Exit codes: 0 done, 1 a negative finding, 2 wrong use, 3 it could not be done.\n`;
  if (asked) io.out(text);
  else io.err(text);
  return asked ? 0 : 2;
}

/** One line that says what to do. What is not a Fault is a mistake of ours: its message may be shown on the operator's own screen. */
function sayFailure(error: unknown): string {
  if (error instanceof Fault) return error.message;
  return `this should not have happened: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
