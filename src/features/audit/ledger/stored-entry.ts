import { detailKeyVersion, openDetailWith } from "#features/audit/record.ts";
import type { Keyring, SecretKey } from "#features/keys/keyring.ts";
import { Fault } from "#kit/fault.ts";
import type { Tx } from "#platform/postgres/db.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";
import { detailMatches, type LedgerEntry, readEntry } from "#trust/ledger/entry.ts";
import { faultless } from "#trust/ledger/finding.ts";
import type { StoredEntry } from "./tree-queries.ts";

/** The entry in a row's body under that number; undefined where the body is not written as `recordEntry` writes it. */
export function entryIn(row: StoredEntry, sequence: number): LedgerEntry | undefined {
  const body = objectIn(row.body);
  if (body === undefined || "sequence" in body) return undefined;
  return faultless(() => (canonicalJson(body) === row.body ? readEntry({ ...body, sequence }) : undefined));
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The columns beside the body that do not say what it says: somebody changed one of them. */
export function strayColumns(row: StoredEntry, entry: LedgerEntry, organisation: string): string[] {
  const { actor, subject } = entry;
  const said: Record<string, string | null | undefined> = {
    organisation: entry.organisation,
    id: subject.entry,
    at: `${entry.at.slice(0, -1)}000`,
    action: entry.action,
    outcome: entry.outcome,
    because: entry.because,
    actor_kind: actor.kind,
    actor: actor[actor.kind ?? ""] ?? null,
    purpose: subject.purpose ?? null,
    patient: subject.patient ?? null,
    study: subject.study ?? null,
    subject: subject.subject ?? null,
  };
  const stands: Record<string, string | null> = { ...row, organisation } as never;
  return Object.keys(said).filter((column) => said[column] !== stands[column]);
}

/** Opens details with few questions: keys are asked for once per version and transaction. */
export class Details {
  readonly #tx: Tx;
  readonly #keyring: Pick<Keyring, "organisationKeyVersion">;
  readonly #organisation: string;
  readonly #keys = new Map<number, Promise<SecretKey>>();

  constructor(tx: Tx, keyring: Pick<Keyring, "organisationKeyVersion">, organisation: string) {
    this.#tx = tx;
    this.#keyring = keyring;
    this.#organisation = organisation;
  }

  /** The detail that this server sealed for this entry and the entry commits to; undefined where there is none: nobody without the keys can make one. */
  async of(row: StoredEntry, entry: LedgerEntry): Promise<Record<string, unknown> | undefined> {
    const { id, salt, sealed } = row;
    if (salt === null || sealed === null) return undefined;
    try {
      const detail = openDetailWith(await this.#key(detailKeyVersion(sealed)), id, sealed);
      return detailMatches(entry.detailCommitment, salt, detail) ? detail : undefined;
    } catch (thrown) {
      if (thrown instanceof Fault && ["seal.broken", "key.broken", "input.invalid"].includes(thrown.code))
        return undefined;
      throw thrown;
    }
  }

  #key(version: number): Promise<SecretKey> {
    const known = this.#keys.get(version);
    if (known !== undefined) return known;
    const asked = this.#keyring.organisationKeyVersion(this.#tx, this.#organisation, version);
    this.#keys.set(version, asked);
    return asked;
  }
}
