import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex, toHex } from "@lichen/kernel";
import { keccak } from "./hash.ts";
import { merklePath, merkleRoot, merkleTree, rootOfPath } from "./merkle.ts";
import vectors from "./vectors/window.json" with { type: "json" };

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const sets = fc.uniqueArray(hash, { minLength: 1, maxLength: 70, selector: toHex });

test("every leaf's path leads to the root", () => {
  fc.assert(
    fc.property(sets, (hashes) => {
      const tree = merkleTree(hashes);
      for (const leaf of hashes) {
        const path = merklePath(tree, leaf);
        assert.ok(path.length <= Math.ceil(Math.log2(hashes.length)));
        assert.deepEqual(rootOfPath(leaf, path), merkleRoot(tree));
      }
    }),
  );
});

test("the root is a function of the set, and of nothing less", () => {
  fc.assert(
    fc.property(sets, fc.integer(), hash, (hashes, seed, other) => {
      const root = merkleRoot(merkleTree(hashes));
      const shuffled = hashes.toSorted(
        (a, b) => toHex(keccak(a)).localeCompare(toHex(keccak(b))) * (seed | 1),
      );
      assert.deepEqual(merkleRoot(merkleTree(shuffled)), root);
      fc.pre(!hashes.some((leaf) => toHex(leaf) === toHex(other)));
      assert.notDeepEqual(merkleRoot(merkleTree([...hashes, other])), root);
      assert.notDeepEqual(merkleRoot(merkleTree(hashes.with(0, other))), root);
    }),
  );
});

test("a path with one bit changed, a node more or a node less leads elsewhere", () => {
  fc.assert(
    fc.property(sets, fc.nat(), fc.nat({ max: 255 }), (hashes, pick, bit) => {
      const tree = merkleTree(hashes);
      const leaf = hashes[pick % hashes.length] as Uint8Array;
      const path = merklePath(tree, leaf);
      const root = merkleRoot(tree);
      const flip = (bytes: Uint8Array): Uint8Array =>
        bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)));
      assert.notDeepEqual(rootOfPath(flip(leaf), path), root);
      assert.notDeepEqual(rootOfPath(leaf, [...path, leaf]), root);
      for (let i = 0; i < path.length; i++) {
        assert.notDeepEqual(rootOfPath(leaf, path.with(i, flip(path[i] as Uint8Array))), root);
        assert.notDeepEqual(rootOfPath(leaf, path.toSpliced(i, 1)), root);
      }
    }),
  );
});

test("no leaf, a leaf twice, and a leaf that is not there are refused", () => {
  const leaf = new Uint8Array(32);
  assert.throws(() => merkleTree([]), { code: "bad-argument" });
  assert.throws(() => merkleTree([leaf, leaf.with(0, 1), leaf]), { code: "bad-argument" });
  assert.throws(() => merklePath(merkleTree([leaf]), leaf.with(0, 1)), { code: "bad-argument" });
});

test("the vectors hold", () => {
  const tree = merkleTree(vectors.leaves.map((leaf) => fromHex(leaf)));
  assert.equal(toHex(merkleRoot(tree)), vectors.window.leavesRoot);
  const paths = vectors.leaves.map((leaf) => merklePath(tree, fromHex(leaf)).map(toHex));
  assert.deepEqual(paths, vectors.paths);
});
