import { Fault } from "#kit/fault.ts";

/** What is wrong, and where: entries `from` up to, not including, `to` (equal when it is about a place between entries). */
export type Finding = { kind: FindingKind; from: number; to: number; says: string };

export type FindingKind =
  | "changed" // the entry is not the one whose hash the tree holds
  | "missing"
  | "inserted"
  | "order"
  | "malformed"
  | "detail" // a disclosed detail is not the one that was committed to
  | "rewritten" // the tree over these entries is not the one that was signed
  | "tail-cut"
  | "fork" // the tree does not continue the one a witness holds
  | "checkpoint" // a checkpoint itself does not hold
  | "unproven"; // damage before it leaves no way to tell

/** After so many findings the rest is summed up in one. */
const MAX_FINDINGS = 1000;

/** Findings of these kinds that follow each other without a gap become one. */
const JOINED: ReadonlySet<FindingKind> = new Set(["changed", "missing", "unproven"]);

/** Findings in the order they were met, bounded in number. */
export class Findings {
  readonly #all: Finding[] = [];

  add(kind: FindingKind, from: number, to: number, says: string): void {
    const before = this.#all.at(-1);
    if (before?.kind === kind && before.to === from && JOINED.has(kind)) {
      this.#all[this.#all.length - 1] = { ...before, to };
    } else if (this.#all.length < MAX_FINDINGS) {
      this.#all.push({ kind, from, to, says });
    } else if (this.#all.length === MAX_FINDINGS) {
      this.#all.push({ kind, from, to, says: `more findings follow from here; the first ${MAX_FINDINGS} are listed` });
    }
  }

  list(): Finding[] {
    return [...this.#all];
  }
}

/** What `read` returns, or undefined where it throws a Fault: in a ledger under suspicion that is an observation. */
export function faultless<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Fault) return undefined;
    throw thrown;
  }
}
