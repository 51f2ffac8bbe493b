import { createHash, hash } from "node:crypto";
import { Fault } from "#kit/fault.ts";

/** Bytes of every hash in the tree (SHA-256). */
export const HASH_BYTES = 32;

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** RFC 6962 §2.1: the hash of a leaf is SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf: Uint8Array | string): Buffer {
  return createHash("sha256").update(LEAF).update(leaf).digest();
}

/** RFC 6962 §2.1: the hash of a node is SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([NODE, left, right]), "buffer");
}

/**
 * A tree as its roots of complete subtrees, largest first: all that appending needs. `size` counts leaves; `peaks` has
 * one hash for each 1 bit of `size`.
 */
export type MerkleFrontier = { readonly size: number; readonly peaks: readonly Buffer[] };

export const EMPTY_FRONTIER: MerkleFrontier = { size: 0, peaks: [] };

/** Told of every complete subtree when it is completed: level 0 is a leaf, `index` counts within the level. */
export type OnNode = (level: number, index: number, hash: Buffer) => void;

/** The tree with one more leaf (its hash, not its bytes). The given frontier stays as it is. */
export function appendLeaf(frontier: MerkleFrontier, leaf: Uint8Array, onNode?: OnNode): MerkleFrontier {
  return appendLeaves(frontier, [leaf], onNode);
}

/** The tree with more leaves, in order: two short hashes a leaf. Throws `input.invalid` for what is no hash. */
export function appendLeaves(frontier: MerkleFrontier, leaves: Iterable<Uint8Array>, onNode?: OnNode): MerkleFrontier {
  const peaks = [...frontier.peaks];
  let size = frontier.size;
  for (const leaf of leaves) {
    if (leaf.length !== HASH_BYTES) throw new Fault("input.invalid", `a leaf's hash has ${HASH_BYTES} bytes`);
    let node = Buffer.from(leaf);
    let index = size;
    onNode?.(0, index, node);
    for (let level = 1; index % 2 === 1; level++) {
      index = (index - 1) / 2;
      const left = peaks.pop();
      if (left === undefined) throw new Fault("ledger.broken", "the stored frontier does not fit its size");
      node = nodeHash(left, node) as typeof node;
      onNode?.(level, index, node);
    }
    peaks.push(node);
    size += 1;
  }
  return { size, peaks };
}

/** RFC 6962 §2.1: the Merkle tree hash; of no leaves it is the hash of nothing. */
export function rootOf(frontier: MerkleFrontier): Buffer {
  const root = frontier.peaks.reduceRight<Buffer | undefined>(
    (right, left) => (right ? nodeHash(left, right) : left),
    undefined,
  );
  return root ?? createHash("sha256").digest();
}

/** A frontier for storage: size as 8 bytes, big-endian, then the peaks. */
export function encodeFrontier({ size, peaks }: MerkleFrontier): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(size));
  return Buffer.concat([head, ...peaks]);
}

/** The inverse of `encodeFrontier`. Throws `ledger.broken`. */
export function decodeFrontier(bytes: Uint8Array): MerkleFrontier {
  const all = Buffer.from(bytes);
  const size = all.length >= 8 ? Number(all.readBigUInt64BE()) : Number.NaN;
  const ones = Number.isSafeInteger(size) ? size.toString(2).replaceAll("0", "").length : Number.NaN;
  if (all.length !== 8 + ones * HASH_BYTES) throw new Fault("ledger.broken", "a stored frontier does not fit its size");
  return {
    size,
    peaks: Array.from({ length: ones }, (_, i) => all.subarray(8 + i * HASH_BYTES, 8 + (i + 1) * HASH_BYTES)),
  };
}
