import { Fault } from "#kit/fault.ts";
import { appendLeaves, EMPTY_FRONTIER, HASH_BYTES, nodeHash, type OnNode, rootOf } from "./merkle.ts";

/** The hash of a complete subtree: 2^level leaves, beginning with leaf index × 2^level. */
export type NodeAt = (level: number, index: number) => Uint8Array | Promise<Uint8Array>;

/** All complete subtrees of leaves in memory, for small trees and tests. */
export function nodesOf(leaves: Iterable<Uint8Array>): NodeAt {
  const nodes = new Map<string, Buffer>();
  const remember: OnNode = (level, index, hash) => void nodes.set(`${level}/${index}`, hash);
  appendLeaves(EMPTY_FRONTIER, leaves, remember);
  return (level, index) => {
    const node = nodes.get(`${level}/${index}`);
    if (node === undefined)
      throw new Fault("ledger.broken", `the tree has no complete subtree ${index} at level ${level}`);
    return node;
  };
}

/** RFC 6962 §2.1.1: the audit path of leaf `index` in the tree of the first `size` leaves, from the leaf up. Throws `input.invalid`. */
export async function inclusionProof(nodeAt: NodeAt, index: number, size: number): Promise<Buffer[]> {
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw new Fault("input.invalid", `a tree of ${size} has no leaf ${index}`);
  }
  const path: Range[] = [];
  let range: Range = { from: 0, to: size };
  while (range.to - range.from > 1) {
    const middle = range.from + split(range.to - range.from);
    const [left, right]: [Range, Range] = [
      { from: range.from, to: middle },
      { from: middle, to: range.to },
    ];
    const inLeft = index < middle;
    path.push(inLeft ? right : left);
    range = inLeft ? left : right;
  }
  return Promise.all(path.reverse().map((sibling) => rangeHash(nodeAt, sibling)));
}

/** RFC 6962 §2.1.2: proves that the tree of `second` leaves begins with the tree of `first`. Throws `input.invalid`. */
export async function consistencyProof(nodeAt: NodeAt, first: number, second: number): Promise<Buffer[]> {
  if (!isCount(first) || !isCount(second) || first > second) {
    throw new Fault("input.invalid", `a tree of ${second} does not begin with one of ${first}`);
  }
  if (first === 0 || first === second) return [];
  const path: Range[] = [];
  let range: Range = { from: 0, to: second };
  let whole = true; // RFC 6962's b: the first tree is a subtree that the verifier already knows
  while (first !== range.to) {
    const middle = range.from + split(range.to - range.from);
    const inLeft = first <= middle;
    path.push(inLeft ? { from: middle, to: range.to } : { from: range.from, to: middle });
    range = inLeft ? { from: range.from, to: middle } : { from: middle, to: range.to };
    whole &&= inLeft;
  }
  if (!whole) path.push(range);
  return Promise.all(path.reverse().map((part) => rangeHash(nodeAt, part)));
}

/** RFC 9162 §2.1.3.2: whether `leaf` (its hash) is leaf `index` of the tree with that size and root. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let [fn, sn] = [index, size - 1];
  let hash = Buffer.from(leaf);
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash) as typeof hash;
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, sibling) as typeof hash;
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && hash.equals(root);
}

type Tree = { size: number; root: Uint8Array };

/** RFC 9162 §2.1.4.2: whether the second tree begins with the first. A tree of no leaves begins every tree. */
export function verifyConsistency(first: Tree, second: Tree, proof: readonly Uint8Array[]): boolean {
  if (!isCount(first.size) || !isCount(second.size) || first.size > second.size) return false;
  if (!areHashes([first.root, second.root, ...proof])) return false;
  if (first.size === second.size) return proof.length === 0 && Buffer.from(first.root).equals(second.root);
  if (first.size === 0) return proof.length === 0 && rootOf(EMPTY_FRONTIER).equals(first.root);
  const path = isPowerOfTwo(first.size) ? [first.root, ...proof] : [...proof];
  const begin = path.shift();
  if (begin === undefined) return false;
  let [fn, sn] = [first.size - 1, second.size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [Buffer.from(begin), Buffer.from(begin)];
  for (const node of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(node, fr) as typeof fr;
      sr = nodeHash(node, sr) as typeof sr;
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, node) as typeof sr;
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && fr.equals(first.root) && sr.equals(second.root);
}

type Range = { from: number; to: number };

/** The hash of leaves `from` to `to`: complete subtrees, largest first, folded from the right. `from` is a multiple of the largest. */
async function rangeHash(nodeAt: NodeAt, { from, to }: Range): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = from; at < to; ) {
    const [level, size] = largestPower(to - at);
    parts.push(Buffer.from(await nodeAt(level, at / size)));
    at += size;
  }
  return parts.reduceRight((right, left) => nodeHash(left, right));
}

/** RFC 6962 §2.1: the largest power of two smaller than `count`. */
function split(count: number): number {
  return largestPower(count - 1)[1];
}

/** The largest power of two that is not larger than `count`, and its exponent. Logarithms would round from 2^48 on. */
function largestPower(count: number): [level: number, size: number] {
  let [level, size] = [0, 1];
  for (; size * 2 <= count; size *= 2) level += 1;
  return [level, size];
}

const half = (count: number): number => Math.floor(count / 2);
const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;
const isPowerOfTwo = (count: number): boolean => largestPower(count)[1] === count;
const areHashes = (hashes: readonly Uint8Array[]): boolean => hashes.every((hash) => hash.length === HASH_BYTES);
