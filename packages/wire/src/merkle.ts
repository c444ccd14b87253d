import { compareBytes, concat, LichenError } from "@lichen/kernel";
import { keccak } from "./hash.ts";

/**
 * The tree over a window's leaves: hashes in ascending order, pairs hashed smaller first, an odd one
 * passed up. OpenZeppelin's `MerkleProof.verify` accepts its paths. The order makes the root a
 * function of the *set*: both sides find the same root whatever order answers ended in.
 */
export type MerkleTree = { readonly layers: readonly (readonly Uint8Array[])[] };

const hashPair = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  keccak(compareBytes(a, b) <= 0 ? concat(a, b) : concat(b, a));

/**
 * @param hashes the leaves' hashes, at least one, no two equal
 * @throws {LichenError} `bad-argument` on none or on a repeated leaf
 */
export function merkleTree(hashes: readonly Uint8Array[]): MerkleTree {
  if (hashes.length === 0) throw new LichenError("bad-argument", "a tree needs a leaf");
  let layer: readonly Uint8Array[] = [...hashes].sort(compareBytes);
  for (let i = 1; i < layer.length; i++) {
    if (compareBytes(layer[i - 1] as Uint8Array, layer[i] as Uint8Array) === 0) {
      throw new LichenError("bad-argument", "a leaf stands twice in one tree");
    }
  }
  const layers = [layer];
  while (layer.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < layer.length; i += 2) {
      const right = layer[i + 1];
      next.push(right === undefined ? (layer[i] as Uint8Array) : hashPair(layer[i] as Uint8Array, right));
    }
    layers.push(next);
    layer = next;
  }
  return { layers };
}

/** The tree's root, 32 bytes. */
export function merkleRoot(tree: MerkleTree): Uint8Array {
  return tree.layers.at(-1)?.[0] as Uint8Array;
}

/**
 * The path that proves one leaf.
 * @throws {LichenError} `bad-argument` where the leaf is not in the tree
 */
export function merklePath(tree: MerkleTree, hash: Uint8Array): Uint8Array[] {
  let index = (tree.layers[0] as readonly Uint8Array[]).findIndex((leaf) => compareBytes(leaf, hash) === 0);
  if (index < 0) throw new LichenError("bad-argument", "the leaf is not in this tree");
  const path: Uint8Array[] = [];
  for (const layer of tree.layers.slice(0, -1)) {
    const sibling = layer[index ^ 1];
    if (sibling !== undefined) path.push(sibling);
    index >>= 1;
  }
  return path;
}

/** The root that a leaf and its path lead to. */
export function rootOfPath(hash: Uint8Array, path: readonly Uint8Array[]): Uint8Array {
  return path.reduce(hashPair, hash);
}
