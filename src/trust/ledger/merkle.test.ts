import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  appendLeaf,
  appendLeaves,
  decodeFrontier,
  EMPTY_FRONTIER,
  encodeFrontier,
  leafHash,
  nodeHash,
  rootOf,
} from "./merkle.ts";
import { consistencyProof, inclusionProof, nodesOf, verifyConsistency, verifyInclusion } from "./proof.ts";

/** The eight leaves and roots of the reference implementation of RFC 6962 (certificate-transparency, merkletree tests). */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/** RFC 6962 §2.1, as it is written there. */
function mth(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return createHash("sha256").digest();
  if (leaves.length === 1) return leaves[0] as Buffer;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

/** RFC 6962 §2.1.1, as it is written there. */
function path(m: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  if (m < k) return [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))];
  return [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** RFC 6962 §2.1.2, as it is written there. */
function subproof(m: number, leaves: Buffer[], b: boolean): Buffer[] {
  if (m === leaves.length) return b ? [] : [mth(leaves)];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  if (m <= k) return [...subproof(m, leaves.slice(0, k), b), mth(leaves.slice(k))];
  return [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

const some = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => leafHash(`leaf ${i}`));

test("RFC 6962's reference leaves give its reference roots, one by one", () => {
  let frontier = EMPTY_FRONTIER;
  assert.equal(rootOf(frontier).toString("hex"), ROOTS[0]);
  for (const [i, leaf] of LEAVES.entries()) {
    frontier = appendLeaf(frontier, leafHash(Buffer.from(leaf, "hex")));
    assert.equal(rootOf(frontier).toString("hex"), ROOTS[i + 1]);
  }
});

test("the root of a tree that grew is RFC 6962's recursive hash, in whatever batches it grew, stored in between", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 8 }), (batches) => {
      const leaves = some(batches.reduce((sum, batch) => sum + batch, 0));
      let frontier = EMPTY_FRONTIER;
      let at = 0;
      for (const batch of batches) {
        frontier = decodeFrontier(encodeFrontier(appendLeaves(frontier, leaves.slice(at, at + batch))));
        at += batch;
      }
      assert.equal(frontier.size, leaves.length);
      assert.deepEqual(rootOf(frontier), mth(leaves));
    }),
  );
});

test("appending leaves the given frontier as it was", () => {
  const before = appendLeaves(EMPTY_FRONTIER, some(3));
  const root = rootOf(before);
  appendLeaves(before, some(5));
  assert.deepEqual(rootOf(before), root);
});

test("inclusion and consistency proofs are RFC 6962's for every leaf and size up to 33", async () => {
  for (let size = 1; size <= 33; size++) {
    const leaves = some(size);
    const nodes = nodesOf(leaves);
    const root = mth(leaves);
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(nodes, index, size);
      assert.deepEqual(proof, path(index, leaves));
      assert.ok(verifyInclusion(leaves[index] as Buffer, index, size, proof, root));
      const first = { size: index + 1, root: mth(leaves.slice(0, index + 1)) };
      const consistency = await consistencyProof(nodes, first.size, size);
      assert.deepEqual(consistency, subproof(first.size, leaves, true));
      assert.ok(verifyConsistency(first, { size, root }, consistency));
    }
  }
});

test("a proof for another leaf, place, size or root, cut, extended or changed, does not verify", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 100 }), fc.nat(), fc.nat(), async (size, a, b) => {
      const leaves = some(size);
      const index = a % size;
      const root = mth(leaves);
      const leaf = leaves[index] as Buffer;
      const proof = await inclusionProof(nodesOf(leaves), index, size);
      const no = (...args: Parameters<typeof verifyInclusion>) => assert.equal(verifyInclusion(...args), false);
      no(leafHash("another"), index, size, proof, root);
      no(leaf, (index + 1) % size, size, proof, root);
      no(leaf, index, size, proof, randomBytes(32));
      no(leaf, index, size, proof.slice(1), root);
      no(leaf, index, size, [...proof, randomBytes(32)], root);
      no(leaf, index, size, proof.with(b % proof.length, randomBytes(32)), root);
      no(leaf, size, size, proof, root);
      no(leaf, -1, size, proof, root);
      no(leaf, index, size, proof.with(0, Buffer.alloc(31)), root);
    }),
  );
});

test("a tree that was rewritten has no consistency proof from the old one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 100 }), fc.nat(), fc.nat(), async (size, a, b) => {
      const firstSize = 1 + (a % (size - 1));
      const leaves = some(size);
      const first = { size: firstSize, root: mth(leaves.slice(0, firstSize)) };
      const forked = leaves.with(b % firstSize, leafHash("forged"));
      const proof = await consistencyProof(nodesOf(forked), firstSize, size);
      assert.equal(verifyConsistency(first, { size, root: mth(forked) }, proof), false);
      const honest = await consistencyProof(nodesOf(leaves), firstSize, size);
      const second = { size, root: mth(leaves) };
      assert.equal(verifyConsistency(first, second, honest.slice(1)), false);
      assert.equal(verifyConsistency(first, second, [...honest, randomBytes(32)]), false);
      assert.equal(verifyConsistency(first, { size, root: randomBytes(32) }, honest), false);
      assert.equal(verifyConsistency({ size, root: second.root }, first, honest), false);
    }),
  );
});

test("a tree of no leaves begins every tree, a tree begins itself", () => {
  const empty = { size: 0, root: rootOf(EMPTY_FRONTIER) };
  const tree = { size: 3, root: mth(some(3)) };
  assert.ok(verifyConsistency(empty, tree, []));
  assert.ok(verifyConsistency(tree, tree, []));
  assert.equal(verifyConsistency({ size: 0, root: randomBytes(32) }, tree, []), false);
  assert.equal(verifyConsistency(tree, { size: 3, root: randomBytes(32) }, []), false);
});

test("proofs outside the tree are refused, and stored frontiers that do not fit", async () => {
  const nodes = nodesOf(some(4));
  for (const [index, size] of [
    [4, 4],
    [-1, 4],
    [0.5, 4],
    [0, 0],
  ] as const) {
    await assert.rejects(inclusionProof(nodes, index, size), { code: "input.invalid" });
  }
  await assert.rejects(consistencyProof(nodes, 5, 4), { code: "input.invalid" });
  await assert.rejects(inclusionProof(nodes, 0, 8), { code: "ledger.broken" });
  const stored = encodeFrontier(appendLeaves(EMPTY_FRONTIER, some(5)));
  for (const bad of [stored.subarray(1), stored.subarray(0, -1), Buffer.alloc(0), Buffer.alloc(8, 0xff)]) {
    assert.throws(() => decodeFrontier(bad), { code: "ledger.broken" });
  }
  assert.throws(() => appendLeaf(EMPTY_FRONTIER, Buffer.alloc(31)), { code: "input.invalid" });
});
