import { createHash, randomBytes } from "node:crypto";
import { Fault } from "#kit/fault.ts";
import { canonicalJson } from "./canonical.ts";
import { leafHash } from "./merkle.ts";

/**
 * One line of an organisation's ledger. It holds ids, codes and a commitment and never a name, an address or free text:
 * those lie in a sealed detail that erasure can destroy while the ledger keeps the fact.
 */
export type LedgerEntry = {
  organisation: string;
  /** The entry's place in the tree, from 0. */
  sequence: number;
  /** ISO 8601, UTC, with milliseconds. */
  at: string;
  /** A code such as "study.share". */
  action: string;
  /** Ids by kind: `{ person: …, device: … }`. */
  actor: Readonly<Record<string, string>>;
  subject: Readonly<Record<string, string>>;
  /** A code such as "done" or "refused". */
  outcome: string;
  /** The verdict's reason as a code, such as "own-care". */
  because: string;
  /** Base64 of SHA-256(salt ‖ canonical JSON of the detail). */
  detailCommitment: string;
};

export const SALT_BYTES = 32;

const CODE = /^[a-z0-9][a-z0-9.-]{0,63}$/;
const KIND = /^[a-zA-Z][a-zA-Z0-9]{0,31}$/;
/** UUIDs, UIDs, hashes, numbers: one word without a space or an @, so that a name or an address does not fit by accident. */
const ID = /^[A-Za-z0-9._:-]{1,128}$/;
const COMMITMENT = /^[A-Za-z0-9+/]{43}=$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MEMBERS = 9;
const MAX_IDS = 16;

/** The entry in a JSON value, with no member more or less. Throws `input.invalid`, naming the member and not its value. */
export function readEntry(value: unknown): LedgerEntry {
  const record = recordOf(value, "the entry");
  if (Object.keys(record).length !== MEMBERS) throw new Fault("input.invalid", `a ledger entry has ${MEMBERS} members`);
  const { sequence } = record;
  if (typeof sequence !== "number" || !Number.isSafeInteger(sequence) || sequence < 0) {
    throw new Fault("input.invalid", "a ledger entry's sequence is a whole number", { place: "sequence" });
  }
  return {
    organisation: word(record, "organisation", ID),
    sequence,
    at: word(record, "at", TIME),
    action: word(record, "action", CODE),
    actor: ids(record, "actor"),
    subject: ids(record, "subject"),
    outcome: word(record, "outcome", CODE),
    because: word(record, "because", CODE),
    detailCommitment: word(record, "detailCommitment", COMMITMENT),
  };
}

/** The hash of an entry's leaf: RFC 6962's leaf hash of its canonical JSON. Throws `input.invalid` for what is no entry. */
export function entryHash(entry: LedgerEntry): Buffer {
  return leafHash(canonicalJson(readEntry(entry)));
}

/** A salt and the commitment to a detail under it. Whoever destroys the salt and the detail leaves a commitment that says nothing. Throws `input.invalid`. */
export function commitDetail(
  detail: unknown,
  salt: Uint8Array = randomBytes(SALT_BYTES),
): { salt: Uint8Array; commitment: string } {
  if (salt.length < 16) throw new Fault("input.invalid", "a salt has 16 bytes or more");
  return { salt, commitment: createHash("sha256").update(salt).update(canonicalJson(detail)).digest("base64") };
}

/** Whether a disclosed detail is the one that was committed to. */
export function detailMatches(commitment: string, salt: Uint8Array, detail: unknown): boolean {
  return salt.length >= 16 && commitDetail(detail, salt).commitment === commitment;
}

function recordOf(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Fault("input.invalid", `${place} is an object`, { place });
}

function word(record: Readonly<Record<string, unknown>>, name: string, form: RegExp): string {
  const value = record[name];
  if (typeof value === "string" && form.test(value)) return value;
  throw new Fault("input.invalid", `a ledger entry's ${name} has not its form`, { place: name });
}

function ids(record: Readonly<Record<string, unknown>>, name: string): Record<string, string> {
  const value = recordOf(record[name], name);
  const kinds = Object.keys(value);
  if (kinds.length > MAX_IDS) throw new Fault("input.invalid", `a ledger entry's ${name} has at most ${MAX_IDS} ids`);
  for (const kind of kinds) {
    if (!KIND.test(kind)) throw new Fault("input.invalid", `a kind of id in ${name} has not its form`, { place: name });
  }
  return Object.fromEntries(kinds.map((kind) => [kind, word(value, kind, ID)]));
}
