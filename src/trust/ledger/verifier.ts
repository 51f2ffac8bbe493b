import type { KeyObject } from "node:crypto";
import { type Checkpoint, type CheckpointVerdict, checkpointHash, verifyCheckpoint } from "./checkpoint.ts";
import { entryHash, type LedgerEntry, readEntry } from "./entry.ts";
import { type Finding, type FindingKind, Findings, faultless } from "./finding.ts";
import { appendLeaf, decodeFrontier, EMPTY_FRONTIER, HASH_BYTES, type MerkleFrontier, rootOf } from "./merkle.ts";

/** One row of a stored or exported ledger. */
export type LedgerRow = {
  sequence: number;
  /** The entry as JSON; undefined when its row is gone but its leaf is still known. */
  entry: unknown;
  /** The leaf's hash as recorded in the tree, where that is kept apart from the entry: it locates a change exactly. */
  leaf?: Uint8Array | undefined;
};

/** A signed checkpoint and, where it was kept, the encoded frontier at its size: verification can start or resume there. */
export type CheckpointRecord = { note: string; frontier?: Uint8Array | undefined };

export type LedgerReport = {
  organisation: string | undefined;
  /** Rows seen. */
  entries: number;
  /** Checkpoints whose signature holds. */
  checkpoints: number;
  /** Entries from here on came after the last checkpoint: no signature covers them yet. */
  signedTo: number;
  /** Empty when the ledger verifies. */
  findings: Finding[];
};

export type VerifyOptions = {
  organisation?: string | undefined;
  /** Notes that witnesses hold. They are believed over what the ledger says, even where its own key signed both. */
  since?: readonly string[] | undefined;
  /** The first entry's sequence. Other than 0 for a part of a ledger: then the first checkpoint has this size and brings its frontier. */
  from?: number | undefined;
  /** Entries of this time or later may still wait for their checkpoint; without it, every entry must be covered by one. */
  unsignedFrom?: Date | undefined;
};

/** The key that signs the checkpoints, or all that ever did, the current one first. */
export type PublicKeys = KeyObject | readonly [KeyObject, ...KeyObject[]];

const GONE = "entries are gone here";

/**
 * Verifies one ledger as it is read, in bounded memory: rows in the order of the tree, each checkpoint after the rows it
 * covers. Damage is located exactly where leaf hashes are kept apart from entries, otherwise between two checkpoints.
 */
export class LedgerVerifier {
  readonly #publicKeys: readonly KeyObject[];
  readonly #findings = new Findings();
  readonly #witnessed: Checkpoint[] = [];
  #organisation: string | undefined;
  /** Undefined while damage leaves the tree unknown; a checkpoint that brings its frontier ends that. */
  #frontier: MerkleFrontier | undefined;
  #next: number;
  #signedTo: number;
  /** The earliest time among entries that no checkpoint covers so far. */
  #unsignedAt: string | undefined;
  readonly #unsignedFrom: Date | undefined;
  #entries = 0;
  #checkpoints = 0;
  #last: { checkpoint: Checkpoint; hash: Buffer } | undefined;

  constructor(publicKeys: PublicKeys, { organisation, since = [], from = 0, unsignedFrom }: VerifyOptions = {}) {
    this.#publicKeys = "type" in publicKeys ? [publicKeys] : publicKeys;
    this.#organisation = organisation;
    this.#unsignedFrom = unsignedFrom;
    this.#next = from;
    this.#signedTo = from;
    this.#frontier = from === 0 ? EMPTY_FRONTIER : undefined;
    for (const note of since) this.#witness(note);
    this.#witnessed.sort((a, b) => a.size - b.size);
  }

  /** The next row. */
  row({ sequence, entry, leaf }: LedgerRow): void {
    this.#entries += 1;
    if (!Number.isSafeInteger(sequence) || sequence < 0) {
      this.find("malformed", this.#next, this.#next, "a row here has no whole number as its sequence");
    } else if (sequence < this.#next) {
      const again = sequence === this.#next - 1;
      const says = `entry ${sequence} comes after entry ${this.#next - 1} was there: it was inserted or moved`;
      this.find(again ? "inserted" : "order", sequence, sequence + 1, says);
    } else {
      this.#skipTo(sequence, GONE);
      this.#checkWitnesses();
      const hash = this.#leafOf(sequence, entry, leaf);
      this.#frontier = this.#frontier && hash && appendLeaf(this.#frontier, hash);
      this.#next = sequence + 1;
    }
  }

  /** The next checkpoint, after the rows it covers. */
  checkpoint({ note, frontier }: CheckpointRecord): void {
    const verdict = this.#verdictOn(note);
    if (!verdict.holds) {
      this.find("checkpoint", this.#signedTo, this.#next, verdict.because);
      return;
    }
    const { checkpoint } = verdict;
    this.#checkpoints += 1;
    this.#organisation ??= checkpoint.organisation;
    if (!this.#followsLast(checkpoint, note)) return;
    this.#checkTree(checkpoint);
    this.#signedTo = checkpoint.size;
    this.#unsignedAt = undefined;
    const stored = frontier && resumeAt(checkpoint, frontier);
    if (frontier !== undefined && stored === undefined) {
      this.find("checkpoint", checkpoint.size, checkpoint.size, "the frontier kept with a checkpoint is not its own");
    }
    if (checkpoint.size === this.#next) this.#frontier ??= stored;
    this.#checkWitnesses();
  }

  /** Adds what the caller found itself. */
  find(kind: FindingKind, from: number, to: number, says: string): void {
    this.#findings.add(kind, from, to, says);
  }

  /** The verdict, once everything was given. */
  end(): LedgerReport {
    this.#checkWitnesses();
    this.#checkTail();
    for (const { size } of this.#witnessed.splice(0)) {
      const says = `a witness holds a checkpoint of ${size} entries, here are ${this.#next}`;
      this.find("tail-cut", this.#next, size, says);
    }
    return {
      organisation: this.#organisation,
      entries: this.#entries,
      checkpoints: this.#checkpoints,
      signedTo: this.#signedTo,
      findings: this.#findings.list(),
    };
  }

  #verdictOn(note: string): CheckpointVerdict {
    const verdicts = this.#publicKeys.map((key) => verifyCheckpoint(note, key, this.#organisation));
    return verdicts.find(({ holds }) => holds) ?? verdicts[0] ?? { holds: false, because: "there is no key to ask" };
  }

  #witness(note: string): void {
    const verdict = this.#verdictOn(note);
    if (!verdict.holds) {
      this.find("checkpoint", this.#next, this.#next, `a witness's checkpoint does not hold: ${verdict.because}`);
      return;
    }
    this.#organisation ??= verdict.checkpoint.organisation;
    this.#witnessed.push(verdict.checkpoint);
  }

  #checkTail(): void {
    const young = this.#unsignedFrom?.toISOString();
    const waits = young !== undefined && (this.#unsignedAt === undefined || this.#unsignedAt >= young);
    if (this.#next <= this.#signedTo || waits) return;
    this.find("unproven", this.#signedTo, this.#next, "no checkpoint covers these entries");
  }

  /** Compares the tree with what witnesses hold of it, as soon as it has their size. */
  #checkWitnesses(): void {
    for (let first = this.#witnessed[0]; first !== undefined && first.size <= this.#next; first = this.#witnessed[0]) {
      this.#witnessed.shift();
      const { size, root } = first;
      if (size < this.#next || this.#frontier === undefined) {
        this.find(
          "unproven",
          size,
          size,
          `damage or a later start leaves no tree of ${size} entries to compare with a witness's`,
        );
      } else if (!rootOf(this.#frontier).equals(root)) {
        this.find("fork", 0, size, `the first ${size} entries are not the ones a witness holds a checkpoint of`);
      }
    }
  }

  #skipTo(sequence: number, says: string): void {
    if (sequence === this.#next) return;
    this.find("missing", this.#next, sequence, says);
    this.#frontier = undefined;
    this.#next = sequence;
  }

  #leafOf(sequence: number, value: unknown, recorded: Uint8Array | undefined): Uint8Array | undefined {
    const leaf = recorded?.length === HASH_BYTES ? recorded : undefined;
    if (value === undefined) {
      this.find("missing", sequence, sequence + 1, GONE);
      return leaf;
    }
    const entry = entryIn(value);
    if (entry === undefined) {
      this.find("malformed", sequence, sequence + 1, `entry ${sequence} is not written as an entry is`);
      return leaf;
    }
    this.#organisation ??= entry.organisation;
    if (this.#unsignedAt === undefined || entry.at < this.#unsignedAt) this.#unsignedAt = entry.at;
    const hash = entryHash(entry);
    if (entry.sequence !== sequence || entry.organisation !== this.#organisation) {
      this.find("changed", sequence, sequence + 1, "these entries are of another place or organisation");
    } else if (recorded !== undefined && !hash.equals(recorded)) {
      this.find("changed", sequence, sequence + 1, "these entries are not the ones whose hashes the tree holds");
    }
    return leaf ?? hash;
  }

  #followsLast(checkpoint: Checkpoint, note: string): boolean {
    const last = this.#last;
    const hash = checkpointHash(note);
    const place = [this.#signedTo, checkpoint.size] as const;
    if (last !== undefined && checkpoint.size < last.checkpoint.size) {
      this.find("checkpoint", checkpoint.size, this.#signedTo, "a checkpoint is smaller than the one before it");
      return false;
    }
    this.#last = { checkpoint, hash };
    if (last === undefined) {
      if (checkpoint.previous === undefined || this.#signedTo > 0) return true;
      this.find("checkpoint", ...place, "the first checkpoint names another before it, which is gone");
    } else if (checkpoint.previous === undefined || !last.hash.equals(checkpoint.previous)) {
      this.find("checkpoint", ...place, "a checkpoint does not name the one before it: one is gone or was replaced");
    } else if (checkpoint.at < last.checkpoint.at) {
      this.find("checkpoint", ...place, "a checkpoint is older than the one before it");
    }
    return true;
  }

  #checkTree({ size, root }: Checkpoint): void {
    if (size > this.#next) this.#skipTo(size, GONE);
    if (size < this.#next) {
      const says = `the checkpoint covers ${size} entries, and ${this.#next} came before it`;
      this.find("inserted", this.#signedTo, this.#next, says);
      this.#frontier = undefined;
    } else if (this.#frontier === undefined) {
      if (size > this.#signedTo) this.find("unproven", this.#signedTo, size, "damage leaves these entries unproven");
    } else if (!rootOf(this.#frontier).equals(root)) {
      this.find("rewritten", this.#signedTo, size, "these entries are not the ones that were signed");
      this.#frontier = undefined;
    }
  }
}

function entryIn(value: unknown): LedgerEntry | undefined {
  return faultless(() => readEntry(value));
}

/** A stored frontier is believed only if it has the signed root. */
function resumeAt(checkpoint: Checkpoint, frontier: Uint8Array): MerkleFrontier | undefined {
  const stored = faultless(() => decodeFrontier(frontier));
  return stored?.size === checkpoint.size && rootOf(stored).equals(checkpoint.root) ? stored : undefined;
}
