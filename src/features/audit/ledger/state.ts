import type { z } from "zod";
import type { LedgerState } from "#contract/audit.ts";
import { Fault } from "#kit/fault.ts";
import type { Database, Tx } from "#platform/postgres/db.ts";
import { readCheckpoint } from "#trust/ledger/checkpoint.ts";
import { entryHash } from "#trust/ledger/entry.ts";
import type { Finding } from "#trust/ledger/finding.ts";
import { nodeHash, rootOf } from "#trust/ledger/merkle.ts";
import { inclusionProof, verifyInclusion } from "#trust/ledger/proof.ts";
import { checkpointOver, type LedgerNeeds, lastCheckpoint } from "./checkpoints.ts";
import { KEPT_LEVEL } from "./numbering.ts";
import { publicKeys } from "./signing-keys.ts";
import { entryIn } from "./stored-entry.ts";
import { entryById, nodeHash as keptNode, leafHashes, readTree } from "./tree-queries.ts";
import { type LiveReport, verifyLedger } from "./verify-live.ts";
import type { WitnessFolder } from "./witness.ts";

type Needs = LedgerNeeds & { database: Pick<Database, "read" | "transaction"> };
type Verified = { report: Promise<LiveReport>; until: number };

/** A verification is good for a minute, and for twenty times as long as it took: a page that stays open costs a twentieth at most. */
const GOOD_MS = 60_000;

/** Verifies ledgers for whoever looks at them, one at a time each. */
export class LedgerStates {
  readonly #needs: Needs;
  readonly #witness: Pick<WitnessFolder, "notes">;
  readonly #verified = new Map<string, Verified>();

  constructor(needs: Needs, witness: Pick<WitnessFolder, "notes">) {
    this.#needs = needs;
    this.#witness = witness;
  }

  async of(organisation: string): Promise<z.infer<typeof LedgerState>> {
    const report = await this.#verify(organisation);
    return this.#needs.database.read({ organisation, person: null }, async (tx) => {
      const tree = await readTree(tx, organisation).catch(() => undefined);
      const last = await lastCheckpoint(tx, organisation);
      const [key] = await publicKeys(tx, this.#needs.keyring, organisation);
      return {
        size: tree?.size ?? report.entries,
        root: tree ? rootOf(tree).toString("base64") : "",
        checkpointAt: last?.at.toISOString() ?? null,
        checkpointSize: last?.size ?? 0,
        verified: report.findings.length === 0,
        findings: report.findings.slice(0, 50).map(sayFinding),
        publicKey: key?.line ?? "",
      };
    });
  }

  #verify(organisation: string): Promise<LiveReport> {
    const known = this.#verified.get(organisation);
    if (known && known.until > Date.now()) return known.report;
    const began = Date.now();
    const entry: Verified = { report: this.#run(organisation), until: Number.POSITIVE_INFINITY };
    this.#verified.set(organisation, entry);
    entry.report.then(
      () => {
        entry.until = Date.now() + Math.max(GOOD_MS, 20 * (Date.now() - began));
      },
      () => this.#verified.delete(organisation),
    );
    return entry.report;
  }

  async #run(organisation: string): Promise<LiveReport> {
    return verifyLedger(this.#needs, organisation, { since: await this.#witness.notes(organisation) });
  }
}

export function sayFinding({ kind, from, to, says }: Finding): string {
  return `${kind} at ${to > from + 1 ? `${from} to ${to - 1}` : from}: ${says}`;
}

export type InclusionProof = {
  entry: unknown;
  leafHash: string;
  index: number;
  size: number;
  root: string;
  /** RFC 6962 §2.1.1, from the leaf up. */
  path: string[];
  checkpoint: string;
  publicKey: string;
};

/**
 * The path from an entry to the root of the first checkpoint that covers it. It is verified before it is given.
 * @throws Fault route.unknown, state.conflict while no checkpoint covers it, ledger.broken when entry and tree disagree
 */
export async function proveEntry(
  tx: Tx,
  needs: Pick<Needs, "keyring">,
  organisation: string,
  id: string,
): Promise<InclusionProof> {
  const row = await entryById(tx, organisation, id);
  if (row === null) throw new Fault("route.unknown", "There is no such entry in your record.", { place: "id" });
  const index = Number(row.leaf ?? Number.NaN);
  const checkpoint = row.leaf === null ? null : await checkpointOver(tx, organisation, index);
  const entry = entryIn(row, index);
  if (checkpoint === null)
    throw new Fault("state.conflict", "No checkpoint covers this entry yet; ask again in a minute.", { place: "id" });
  const path = await inclusionProof((level, at) => nodeOf(tx, organisation, level, at), index, checkpoint.size);
  const { root } = readCheckpoint(checkpoint.note);
  if (entry === undefined || !verifyInclusion(entryHash(entry), index, checkpoint.size, path, root))
    throw new Fault("ledger.broken", "This entry is not the one that was signed: the record was changed.", {
      place: "id",
    });
  const [key] = await publicKeys(tx, needs.keyring, organisation);
  return {
    entry,
    leafHash: entryHash(entry).toString("base64"),
    index,
    size: checkpoint.size,
    root: Buffer.from(root).toString("base64"),
    path: path.map((hash) => hash.toString("base64")),
    checkpoint: checkpoint.note,
    publicKey: key?.line ?? "",
  };
}

/** A complete subtree: kept from level 8 on, below that made of its leaves. */
async function nodeOf(tx: Tx, organisation: string, level: number, index: number): Promise<Buffer> {
  const kept = level >= KEPT_LEVEL ? await keptNode(tx, organisation, level, index) : null;
  if (kept !== null) return kept;
  const size = 2 ** level;
  let hashes = await leafHashes(tx, organisation, index * size, (index + 1) * size);
  if (hashes.length !== size)
    throw new Fault("ledger.broken", "Entries that this proof needs are gone from the record.");
  while (hashes.length > 1) {
    const pairs: Buffer[] = [];
    for (let at = 0; at < hashes.length; at += 2) pairs.push(nodeHash(hashes[at] as Buffer, hashes[at + 1] as Buffer));
    hashes = pairs;
  }
  return hashes[0] as Buffer;
}
