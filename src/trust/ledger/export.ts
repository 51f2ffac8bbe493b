import { canonicalJson } from "./canonical.ts";
import { detailMatches, readEntry } from "./entry.ts";
import { faultless } from "./finding.ts";
import {
  type CheckpointRecord,
  type LedgerReport,
  type LedgerRow,
  LedgerVerifier,
  type PublicKeys,
  type VerifyOptions,
} from "./verifier.ts";
import { inOrder } from "./verify.ts";

/**
 * A ledger as a file of JSON lines that verifies offline with the public key alone:
 *
 *     {"format":"safelight-ledger","from":0,"organisation":"…","publicKey":"safelight/…+…+…","version":1}
 *     {"entry":{…},"leaf":"<base64>","sequence":0}            detail and salt too where they are disclosed
 *     {"frontier":"<base64>","note":"<checkpoint>"}           after the entries it covers
 *     {"end":<sequence after the last entry>}
 *
 * The public key in the file is for convenience: verify with one that came another way.
 */
export type ExportHeader = { organisation: string; publicKey: string; from: number };

/** A row to export; `detail` and `salt` disclose what the entry commits to. */
export type ExportRow = LedgerRow & { detail?: unknown; salt?: Uint8Array | undefined };

/** The lines of an export, each without its line feed. Rows and checkpoints come in the order of the tree. */
export async function* exportLines(
  header: ExportHeader,
  rows: AsyncIterable<ExportRow> | Iterable<ExportRow>,
  checkpoints: AsyncIterable<CheckpointRecord> | Iterable<CheckpointRecord>,
): AsyncGenerator<string, void, undefined> {
  yield canonicalJson({ format: "safelight-ledger", version: 1, ...header });
  let end = header.from;
  for await (const event of inOrder(rows, checkpoints)) {
    if ("note" in event) {
      yield canonicalJson({ note: event.note, frontier: base64(event.frontier) });
    } else {
      const { sequence, entry, leaf, detail, salt }: ExportRow = event;
      yield canonicalJson({ sequence, entry, leaf: base64(leaf), detail, salt: base64(salt) });
      end = sequence + 1;
    }
  }
  yield canonicalJson({ end });
}

/**
 * Verifies the lines of an export. Nothing but the public key is believed; `since` are notes that a witness holds. A file
 * that is no export at all gives one "malformed" finding.
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  publicKey: PublicKeys,
  options: Omit<VerifyOptions, "from"> = {},
): Promise<LedgerReport> {
  let verifier: LedgerVerifier | undefined;
  let ended = false;
  let number = 0;
  let next = 0;
  for await (const line of lines) {
    number += 1;
    const record = objectIn(line);
    if (verifier === undefined) {
      const header = headerOf(record);
      verifier = new LedgerVerifier(publicKey, { organisation: header?.organisation, ...options, from: header?.from });
      if (header === undefined) verifier.find("malformed", 0, 0, "the first line is not the header of a ledger export");
      if (header === undefined) return verifier.end();
      if (options.organisation !== undefined && options.organisation !== header.organisation) {
        verifier.find("malformed", 0, 0, "this is the ledger of another organisation");
      }
      next = header.from;
    } else if (ended) {
      verifier.find("inserted", next, next, `line ${number} stands behind the end of the export`);
    } else if (typeof record?.end === "number") {
      ended = true;
      if (record.end > next) verifier.find("missing", next, record.end, "the export says it had more entries");
      if (record.end < next) verifier.find("inserted", record.end, next, "the export says it had fewer entries");
    } else {
      next = give(verifier, record, number, next);
    }
  }
  verifier ??= new LedgerVerifier(publicKey, options);
  if (!ended) verifier.find("tail-cut", next, next, "the export has no last line: it was cut");
  return verifier.end();
}

type Json = Readonly<Record<string, unknown>>;

/** Gives one line to the verifier and returns the sequence that should come next. */
function give(verifier: LedgerVerifier, record: Json | undefined, number: number, next: number): number {
  const { note, sequence, entry, leaf, frontier, detail, salt } = record ?? {};
  if (record !== undefined && typeof note === "string" && has(record, ["frontier", "note"], ["frontier"])) {
    verifier.checkpoint({ note, frontier: bytesIn(frontier) });
    return next;
  }
  const known = ["detail", "entry", "leaf", "salt", "sequence"];
  if (record === undefined || typeof sequence !== "number" || !has(record, known, ["leaf", "salt"])) {
    verifier.find("malformed", next, next, `line ${number} is neither an entry nor a checkpoint`);
    return next;
  }
  verifier.row({ sequence, entry, leaf: bytesIn(leaf) });
  if (detail !== undefined && !disclosed(entry, bytesIn(salt), detail)) {
    verifier.find("detail", sequence, sequence + 1, `the detail of entry ${sequence} is not the one it commits to`);
  }
  return Math.max(next, sequence + 1);
}

/** Whether a record has no member but the known ones, and bytes or nothing in those that hold bytes. */
function has(record: Json, known: string[], bytes: string[]): boolean {
  const isBytes = (name: string) => record[name] === undefined || bytesIn(record[name]) !== undefined;
  return Object.keys(record).every((name) => known.includes(name)) && bytes.every(isBytes);
}

function disclosed(entry: unknown, salt: Uint8Array | undefined, detail: unknown): boolean {
  return salt !== undefined && faultless(() => detailMatches(readEntry(entry).detailCommitment, salt, detail)) === true;
}

function headerOf(record: Json | undefined): { organisation: string; from: number } | undefined {
  if (record?.format !== "safelight-ledger" || record.version !== 1) return undefined;
  if (!has(record, ["format", "from", "organisation", "publicKey", "version"], [])) return undefined;
  const { organisation, from } = record;
  if (typeof organisation !== "string" || typeof from !== "number" || !Number.isSafeInteger(from) || from < 0)
    return undefined;
  return { organisation, from };
}

function objectIn(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes from base64 in its one form. */
function bytesIn(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}

function base64(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("base64");
}
