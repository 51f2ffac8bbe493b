import { Fault } from "#kit/fault.ts";

const MIB = 1024 * 1024;

/** What an archive may become. Sizes that it declares are never believed: what comes out is counted. */
export type ArchiveLimits = {
  entries: number;
  /** Bytes that come out for each byte that went in, once more than `free` have come out. */
  ratio: number;
  freeOfEntry: number;
  freeOfArchive: number;
};

export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 50_000,
  ratio: 100,
  freeOfEntry: 64 * MIB,
  freeOfArchive: 256 * MIB,
};

/** The running account of one archive. */
export class Inflation {
  readonly #limits: ArchiveLimits;
  readonly #archiveBytes: number;
  #produced = 0;

  constructor(limits: ArchiveLimits, archiveBytes: number) {
    this.#limits = limits;
    this.#archiveBytes = archiveBytes;
  }

  /** The archive as a whole has grown too much; nothing more is taken out of it. */
  get exhausted(): boolean {
    return this.#produced > Math.max(this.#limits.freeOfArchive, this.#archiveBytes * this.#limits.ratio);
  }

  /** Spends what came out of one entry. @throws Fault input.too-large */
  spend(bytes: number, entry: { produced: number; consumed: number }): void {
    this.#produced += bytes;
    if (this.exhausted) throw grown("The archive");
    if (entry.produced > Math.max(this.#limits.freeOfEntry, entry.consumed * this.#limits.ratio))
      throw grown("A file in the archive");
  }
}

function grown(what: string): Fault {
  return new Fault("input.too-large", `${what} unpacks to far more than it holds; send its files by themselves.`);
}
