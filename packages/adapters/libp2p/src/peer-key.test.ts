import assert from "node:assert/strict";
import { test } from "node:test";
import { signerOfKey } from "@lichen/ports/compliance";
import { createLibp2pNetwork, generatePeerKey, peerIdOfKey } from "./index.ts";
import { wallClock } from "./testing/wall-clock.ts";

test("a key names the same peer wherever it is read; two keys name two peers", async () => {
  const [one, two] = [await generatePeerKey(), await generatePeerKey()];
  const network = createLibp2pNetwork(
    { signer: signerOfKey(1), clock: wallClock },
    { chainId: 1, role: "gateway", privateKey: one },
  );
  assert.equal(network.id, peerIdOfKey(one));
  assert.match(network.id, /^12D3KooW/);
  assert.notEqual(peerIdOfKey(two), peerIdOfKey(one));
});

test("what is no key is refused", async () => {
  const key = await generatePeerKey();
  for (const bytes of [new Uint8Array(0), new Uint8Array(32).fill(1), key.subarray(0, 20)]) {
    assert.throws(() => peerIdOfKey(bytes), { code: "bad-argument" });
  }
});

test("a port that is taken is said to be", async () => {
  const make = async (listen?: string[]): Promise<ReturnType<typeof createLibp2pNetwork>> =>
    createLibp2pNetwork(
      { signer: signerOfKey(1), clock: wallClock },
      { chainId: 1, role: "gateway", privateKey: await generatePeerKey(), ...(listen && { listen }) },
    );
  const first = await make();
  await first.start();
  const taken = (first.addresses()[0] as string).replace(/\/p2p\/.*/, "");
  await assert.rejects((await make([taken])).start(), { code: "port-in-use" });
  await first.stop();
  await assert.rejects(first.start(), { code: "bad-argument" });
});
