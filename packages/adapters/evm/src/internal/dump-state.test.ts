import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { dumpState } from "./dump-state.ts";
import { createRpc } from "./rpc.ts";
import { makeHome, realClock } from "./testing.ts";

// More than it can mine at once, so that every dump meets a block in the making.
const senders = Array.from({ length: 12 }, (_, i) => `0x${(0xa0 + i).toString(16).repeat(20)}`);

test("a dump taken while blocks are made holds each transaction whole or not at all", async (t) => {
  const chain = await (await makeHome(t)).start({ snapshotEveryMs: 3_600_000 });
  const rpc = createRpc({ clock: realClock }, { urls: [chain.rpcUrl], timeoutMs: 10_000 });
  for (const from of senders) {
    await rpc.call("anvil_setBalance", [from, "0xde0b6b3a7640000"]);
    await rpc.call("anvil_impersonateAccount", [from]);
  }
  let going = true;
  const load = senders.map(async (from) => {
    const transaction = { from, to: from, gas: "0x5208", gasPrice: "0x64" };
    while (going) await rpc.call("eth_sendTransaction", [transaction]);
  });
  try {
    for (let round = 0; round < 8; round++) {
      await realClock.sleep(10);
      const {
        accounts,
        transactions,
        blocks,
        best_block_number: best,
      } = JSON.parse(gunzipSync(await dumpState({ rpc, clock: realClock })).toString()) as {
        accounts: Record<string, { nonce: number }>;
        transactions: unknown[];
        blocks: unknown[];
        best_block_number: number;
      };
      const nonces = senders.reduce((sum, from) => sum + (accounts[from]?.nonce ?? 0), 0);
      assert.equal(transactions.length, nonces, `round ${round}: ${nonces} sent`);
      assert.equal(blocks.length, best + 1);
    }
  } finally {
    going = false;
    await Promise.all(load);
  }
  const before = Number(await rpc.call("eth_blockNumber"));
  await rpc.call("eth_sendTransaction", [
    { from: senders[0], to: senders[0], gas: "0x5208", gasPrice: "0x64" },
  ]);
  for (let waitedMs = 0; Number(await rpc.call("eth_blockNumber")) === before; waitedMs += 20) {
    assert.ok(waitedMs < 20_000, "the chain mines on after a dump");
    await realClock.sleep(20);
  }
});
