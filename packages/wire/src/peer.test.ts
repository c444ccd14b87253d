import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "@lichen/kernel";
import { peerBindingDigest, peerBindingSchema, verifyPeerBinding, type PeerBinding } from "./peer.ts";
import vectors from "./vectors/binding.json" with { type: "json" };

const binding = peerBindingSchema.parse(vectors.binding);

test("the vectors hold", () => {
  assert.equal(toHex(peerBindingDigest(binding)), vectors.digest);
  verifyPeerBinding(binding);
});

test("each field that is changed breaks the signature", () => {
  const changes: PeerBinding[] = [
    { ...binding, chainId: 1 },
    { ...binding, peerId: `${binding.peerId}x` },
    { ...binding, account: `0x${"01".repeat(20)}` },
    { ...binding, role: "gateway" },
    { ...binding, signature: `0x${"11".repeat(64)}1b` },
  ];
  assert.equal(changes.length, Object.keys(binding).length);
  for (const changed of changes) {
    assert.throws(() => verifyPeerBinding(changed), { code: "bad-signature" });
  }
});

test("a stranger's binding outside its bounds is refused", () => {
  for (const change of [
    { role: "king" },
    { peerId: "" },
    { peerId: "a\u0007" },
    { chainId: -1 },
    { more: 1 },
  ]) {
    assert.equal(
      peerBindingSchema.safeParse({ ...vectors.binding, ...change }).success,
      false,
      JSON.stringify(change),
    );
  }
});
