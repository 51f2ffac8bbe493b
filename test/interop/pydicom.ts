import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { JsonDataSet, JsonElement } from "#standards/dicom/json.ts";
import { isPrivate } from "#standards/dicom/tag.ts";

/** What `dicom-pydicom.py` says of a file. */
export type Theirs = {
  path: string;
  error?: string;
  json: { [tag: string]: TheirElement };
  frames: null | { digests?: string[]; count?: number; error?: string };
};
export type TheirElement = {
  vr: string;
  Value?: unknown[];
  InlineBinary?: string;
  BulkDataURI?: string;
  error?: string;
};

/** Where we differ from pydicom 2.3.1 and why. A difference that no row explains fails; so does a row that explains nothing. */
const DIFFERENCES: {
  because: string;
  explains: (tag: number, ours?: JsonElement, theirs?: TheirElement) => boolean;
}[] = [
  {
    because: "PS3.18 §F.2.2: group lengths are not part of the JSON model; pydicom keeps them",
    explains: (tag, ours, theirs) => ours === undefined && theirs !== undefined && (tag & 0xffff) === 0,
  },
  {
    because:
      "private attributes in implicit VR or UN have no VR on the wire; pydicom guesses from a list of makers, we say UN",
    explains: (tag, ours, theirs) =>
      isPrivate(tag) && ours?.vr === "UN" && theirs?.error === undefined && theirs?.vr !== "UN",
  },
  {
    because: "PS3.5 §6.2: spaces around a value of CS mean nothing; pydicom keeps those before a backslash",
    explains: (_tag, ours, theirs) =>
      ours?.vr === "CS" &&
      same(
        ours.Value,
        theirs?.Value?.map((value) => (typeof value === "string" ? value.trimEnd() : value)),
      ),
  },
  {
    because: "a 64-bit integer beyond 2^53 is a string, so that it stays exact (PS3.18 table F.2.3-1)",
    explains: (_tag, ours, theirs) => ours?.vr === "UV" && same(ours.Value?.map(Number), theirs?.Value),
  },
  {
    because: "a DS that is no number: pydicom gives up on the attribute, we keep its text",
    explains: (_tag, ours, theirs) =>
      ours?.vr === "DS" && /could not convert string to float/.test(theirs?.error ?? ""),
  },
];

export const digest = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** An absent Value, an empty one and one of empty strings or names say the same; so do absent and empty groups of names. */
function plain(value: unknown): unknown {
  if (value === "" || value === undefined) return null;
  if (Array.isArray(value)) {
    const inner = value.map(plain);
    return inner.every((one) => one === null) && inner.length <= 1 ? null : inner;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) =>
    plain(inner) === null ? [] : [[key, plain(inner)] as const],
  );
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
const same = (ours: unknown, theirs: unknown) => JSON.stringify(plain(ours)) === JSON.stringify(plain(theirs));

const said = (value: unknown) => JSON.stringify(value ?? null);

/** What a comparison of many files found: differences that no row explains, and the rows that explained one. */
export class Comparison {
  readonly unexplained: string[] = [];
  readonly #used = new Set<string>();
  attributes = 0;

  /** The reasons that no file needed: they may go. */
  get unused(): string[] {
    return DIFFERENCES.map(({ because }) => because).filter((because) => !this.#used.has(because));
  }

  compare(ours: JsonDataSet, theirs: Theirs["json"], where: string): void {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      const [our, their] = [ours[key], theirs[key]];
      const place = `${where}/${key}`;
      this.attributes += 1;
      if (our?.vr === "SQ" && their?.vr === "SQ") {
        const [ourItems, theirItems] = [(our.Value ?? []) as JsonDataSet[], (their.Value ?? []) as Theirs["json"][]];
        if (ourItems.length !== theirItems.length)
          this.unexplained.push(`${place}: ${ourItems.length} and ${theirItems.length} items`);
        for (const [at, item] of ourItems.entries()) this.compare(item, theirItems[at] ?? {}, `${place}/${at}`);
        continue;
      }
      if (our !== undefined && their !== undefined && their.error === undefined && our.vr === their.vr) {
        if (same(our.Value, their.Value) && our.BulkDataURI === their.BulkDataURI) continue;
      }
      const tag = Number.parseInt(key, 16);
      const row = DIFFERENCES.find(({ explains }) => explains(tag, our, their));
      if (row === undefined)
        this.unexplained.push(`${place}: ${said(our).slice(0, 200)} and ${said(their).slice(0, 200)}`);
      else this.#used.add(row.because);
    }
  }
}

/** Pydicom's view of these files, in the order given. */
export function askPydicom(files: readonly string[]): Theirs[] {
  const script = join(import.meta.dirname, "dicom-pydicom.py");
  const python = spawnSync("/usr/bin/python3", [script], {
    input: files.join("\n"),
    maxBuffer: 1024 ** 3,
    encoding: "utf8",
  });
  assert.equal(python.status, 0, `pydicom is needed (apt install python3-pydicom python3-numpy): ${python.stderr}`);
  return python.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Theirs);
}
