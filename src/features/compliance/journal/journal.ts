import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ROLES } from "#contract/words.ts";
import { linesOf } from "#features/audit/ledger/lines.ts";

/** What took access away, in the form a restore can replay. IDs and codes only. */
export const JournalEntry = z.strictObject({
  journal: z.literal(1),
  organisation: z.uuid(),
  entry: z.uuid(),
  leaf: z.number().int(),
  at: z.iso.datetime(),
  action: z.string(),
  subject: z.uuid().nullable(),
  /** The roles that a person kept, where roles were changed. */
  roles: z.array(z.enum(ROLES)).optional(),
  before: z.string(),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

/** How far a ledger had come: it shows that the journal goes on, and is one more witness. */
export const JournalCheckpoint = z.strictObject({
  journal: z.literal(1),
  organisation: z.uuid(),
  checkpoint: z.string(),
  before: z.string(),
});
export type JournalCheckpoint = z.infer<typeof JournalCheckpoint>;

export type JournalLine = Omit<JournalEntry, "journal" | "before"> | Omit<JournalCheckpoint, "journal" | "before">;

const TAIL_BYTES = 64 * 1024;
const FIRST = "-";

/**
 * The journal of revocations: `<data>/journal/revocations.jsonl`, only ever appended to, durable line by line, each line naming
 * the hash of the one before. It is no part of a backup: the runbook puts its folder on another disk.
 */
export class Journal {
  readonly #folder: string;
  readonly #file: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "journal");
    this.#file = join(this.#folder, "revocations.jsonl");
  }

  get path(): string {
    return this.#file;
  }

  /** Resolves when the lines are durable. One writer at a time: the caller holds the database's lock. */
  async append(lines: readonly JournalLine[]): Promise<void> {
    if (lines.length === 0) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const isNew = (await stat(this.#file).catch(() => undefined)) === undefined;
    const file = await open(this.#file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    try {
      const { size } = await file.stat();
      const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
      await file.read(tail, 0, tail.length, size - tail.length);
      const whole = tail.toString("utf8");
      let before = lastHash(whole);
      let text = whole === "" || whole.endsWith("\n") ? "" : "\n"; // a line that a crash cut stays, and is told of
      for (const line of lines) {
        const written = JSON.stringify({ journal: 1, ...line, before });
        before = hashOf(written);
        text += `${written}\n`;
      }
      await file.appendFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isNew) await syncFolder(this.#folder);
  }
}

function lastHash(tail: string): string {
  const last = tail.split("\n").findLast((line) => line !== "");
  return last === undefined ? FIRST : hashOf(last);
}

function hashOf(line: string): string {
  return createHash("sha256").update(line).digest("hex").slice(0, 32);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export type ReadJournal = {
  entries: JournalEntry[];
  checkpoints: JournalCheckpoint[];
  /** Every line is one of ours and names the one before: nothing was taken out of the middle. */
  whole: boolean;
};

/** Reads a journal. Only what took access away is in it, and replaying that is always safe, so damage costs no line that can be read. @throws Fault input.invalid */
export async function readJournal(path: string): Promise<ReadJournal> {
  const read: ReadJournal = { entries: [], checkpoints: [], whole: true };
  let before = FIRST;
  for await (const line of linesOf(path)) {
    if (line === "") continue;
    const value = parsed(line);
    const entry = JournalEntry.safeParse(value);
    const checkpoint = entry.success ? undefined : JournalCheckpoint.safeParse(value);
    if (entry.success) read.entries.push(entry.data);
    else if (checkpoint?.success) read.checkpoints.push(checkpoint.data);
    const named = entry.success ? entry.data.before : checkpoint?.data?.before;
    if (named !== before) read.whole = false;
    before = hashOf(line);
  }
  return read;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
