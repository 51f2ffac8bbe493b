import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { Fault } from "#kit/fault.ts";
import { type Posting, queueMail } from "#platform/mail.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { placeFile, removeHalves, syncFolder } from "#platform/whole-file.ts";
import { checkpointHash, readCheckpoint } from "#trust/ledger/checkpoint.ts";

/** Notes longer than this are none of ours. */
const MAX_FILE = 64 * 1024;
/** So many of a folder's notes are compared at most, spread over all there are. */
const MOST_COMPARED = 500;

/**
 * The write-once folder: `<data>/witness/<organisation>/<size>-<hash>.note`, mode 0400, never opened for writing again. Two
 * different checkpoints of one size stand beside each other: that is a fork.
 */
export class WitnessFolder {
  readonly #root: string;
  readonly #known = new Set<string>();

  constructor(dataDir: string) {
    this.#root = join(dataDir, "witness");
  }

  /** Resolves when the note is durable; a note that is there already stays as it is. */
  async keep(note: string): Promise<void> {
    const { organisation, size } = readCheckpoint(note);
    const folder = join(this.#root, organisation);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = `${String(size).padStart(12, "0")}-${checkpointHash(note).toString("hex").slice(0, 16)}.note`;
    if (!this.#known.has(organisation)) removeHalves(folder);
    this.#known.add(organisation);
    await placeFile(join(folder, name), note, { mode: 0o400 });
    syncFolder(this.#root);
  }

  /** What the folder holds of a ledger, smallest first; the newest is always among them. */
  async notes(organisation: string): Promise<string[]> {
    const names = await this.#names(organisation);
    const step = Math.max(1, Math.ceil(names.length / MOST_COMPARED));
    const chosen = names.filter((_, at) => at === names.length - 1 || at % step === 0);
    const texts: string[] = [];
    for (const name of chosen) texts.push(await readFile(join(this.#root, organisation, name), "utf8"));
    return texts;
  }

  async #names(organisation: string): Promise<string[]> {
    try {
      const names = await readdir(join(this.#root, organisation));
      return names.filter((name) => /^\d{12,16}-[0-9a-f]{16}\.note$/.test(name)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}

/** The checkpoint in a file that somebody kept: the note itself, or a message that holds it. @throws Fault input.invalid */
export function noteIn(text: string): string {
  const lines = text
    .slice(0, MAX_FILE)
    .split(/\r?\n/)
    .map((line) => line.replace(/^> ?/, ""));
  const from = lines.findIndex((line) => line.startsWith("safelight/") && !line.includes("+"));
  const signed = lines.findIndex((line, at) => at > from && line.startsWith("— "));
  if (from < 0 || signed < 0)
    throw new Fault(
      "input.invalid",
      "This file holds no checkpoint: one begins with safelight/ and ends with a line that begins with —.",
      {
        place: "since",
      },
    );
  let end = signed;
  while (lines[end]?.startsWith("— ")) end++;
  return `${lines.slice(from, end).join("\n")}\n`;
}

export type WitnessKind = "folder" | "mail" | "export" | "backup";

/** That somebody outside the tree was given a checkpoint of that size. */
export async function rememberWitness(tx: Tx, organisation: string, kind: WitnessKind, size: number): Promise<void> {
  await sql`insert into ledger_witness (organisation, kind, size, at) values (${organisation}, ${kind}, ${size}, now())
    on conflict (organisation, kind) do update set size = excluded.size, at = excluded.at`.execute(tx);
}

export type WitnessRow = { kind: WitnessKind; size: number; at: Date };

export async function witnessesOf(tx: Tx, organisation: string): Promise<WitnessRow[]> {
  const { rows } = await sql<WitnessRow>`
    select kind, size, at from ledger_witness where organisation = ${organisation} order by kind`.execute(tx);
  return rows;
}

const DAY_MS = 86_400_000;

/** Sends the checkpoint to the privacy officers, at most once a day. */
export async function mailOfficers(
  posting: Posting,
  organisation: string,
  note: string,
  size: number,
): Promise<boolean> {
  const { tx } = posting;
  const last = (await witnessesOf(tx, organisation)).find(({ kind }) => kind === "mail");
  if (last !== undefined && tx.now.getTime() - last.at.getTime() < DAY_MS) return false;
  const { rows } = await sql<{ email: string; name: string }>`
    select distinct p.email, o.name from membership m join person p on p.id = m.person join organisation o on o.id = m.organisation
    where m.organisation = ${organisation} and m.role = 'privacy-officer' and p.auth_user is not null and p.dismissed_at is null
      and (m.until_at is null or m.until_at > now()) limit 20`.execute(tx);
  for (const { email, name } of rows) {
    await queueMail(posting, {
      organisation,
      to: email,
      subject: `The state of ${name}'s record on ${tx.now.toISOString().slice(0, 10)}`,
      body: `Keep this message. It is a signed statement of how far the record of ${name} had come. If the record is ever rewritten, even by somebody who holds the server's keys, this shows it:\n\n  npx safelight ledger verify --since THIS-MESSAGE\n\n${note}`,
    });
  }
  if (rows.length > 0) await rememberWitness(tx, organisation, "mail", size);
  return rows.length > 0;
}
