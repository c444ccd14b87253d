import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "@lichen/ports";
import { receiptSchema, receiptsRoot, verifyReceipt, noReceipts } from "@lichen/wire";
import { rowsOf, type TestNetwork } from "../network.ts";

const settleMs = 60_000;

type Status = {
  channels: {
    id: string;
    provider: string;
    retired: boolean;
    promisedUnits: string;
    consumedUnits: string;
    claimedUnits: string;
    depositUnits: string;
    unpaidLeaves: number;
  }[];
};

async function get(network: TestNetwork, path: string): Promise<any> {
  const response = await fetch(network.url + path, {
    headers: { authorization: `Bearer ${network.apiKey}` },
  });
  assert.equal(response.status, 200, `${path}: ${response.status}`);
  return response.json();
}

/** Waits until every served answer is in a signed window and every voucher has been claimed. */
export async function untilSettled(network: TestNetwork): Promise<void> {
  let last: unknown;
  for (const started = performance.now(); performance.now() - started < settleMs; await sleep(200)) {
    try {
      const { channels }: Status = await get(network, "/lichen/status");
      last = channels;
      if (
        channels.every(
          ({ unpaidLeaves, promisedUnits, claimedUnits }) =>
            unpaidLeaves === 0 && promisedUnits === claimedUnits,
        )
      )
        return;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`not settled within ${settleMs} ms: ${JSON.stringify(last)}`);
}

export const checkMoney = {
  /** The chain paid out exactly what each channel's newest voucher promises, each payment something new. */
  async onChain(network: TestNetwork, chain: Ledger): Promise<Map<string, bigint>> {
    const { channels }: Status = await get(network, "/lichen/status");
    const claimed = new Map<string, bigint>();
    for (const { id, promisedUnits } of channels) {
      const payments = await chain.claimed(id as `0x${string}`);
      const total = payments.at(-1)?.claimedUnits ?? 0n;
      assert.equal(total, BigInt(promisedUnits), `channel ${id}: the chain paid what was promised`);
      for (let i = 1; i < payments.length; i++) {
        const [before, after] = [payments[i - 1], payments[i]];
        assert.ok(
          (after?.claimedUnits ?? 0n) > (before?.claimedUnits ?? 0n),
          `channel ${id}: each payment brought something new`,
        );
      }
      claimed.set(id, total);
    }
    return claimed;
  },

  /** Every answer that a client was given has a receipt that holds, and none shares its leaf with another. */
  async receipts(network: TestNetwork, acknowledged: readonly string[]): Promise<void> {
    const leaves = new Set<string>();
    for (const id of acknowledged) {
      const view = await get(network, `/v1/receipts/${id}`);
      assert.equal(view.status, "paid", `answer ${id} is ${view.status}`);
      const receipt = receiptSchema.parse(view.receipt);
      verifyReceipt(receipt);
      leaves.add(receipt.leaf);
    }
    assert.equal(leaves.size, acknowledged.length);
  },

  /** Both ends' stores hold the same windows and vouchers; no window was lost, no leaf paid twice. */
  async books(network: TestNetwork, claimed: ReadonlyMap<string, bigint>): Promise<void> {
    const payerChannels = await rowsOf(network.home, "gateway", "payer-channels");
    const payerWindows = await rowsOf(network.home, "gateway", "payer-windows");
    const leaves = new Set<string>();
    let checked = 0;
    for (let i = 1; i <= network.providers; i++) {
      const payeeChannels = await rowsOf(network.home, `provider-${i}`, "payee-channels");
      const payeeWindows = await rowsOf(network.home, `provider-${i}`, "payee-windows");
      for (const [id, payee] of payeeChannels) {
        const payer = payerChannels.get(id);
        for (const member of ["consumedUnits", "promisedUnits", "windowNumber", "receiptsRoot"]) {
          assert.equal(payer[member], payee[member], `channel ${id}: ${member}`);
        }
        assert.equal(
          BigInt(payee.voucher.amountUnits),
          claimed.get(id),
          `channel ${id}: the newest voucher was claimed`,
        );
        const ours = [...payerWindows.values()]
          .filter(({ window }) => window.channelId === id)
          .sort((a, b) => a.window.number - b.window.number);
        const theirs = [...payeeWindows.values()]
          .filter(({ window }) => window.channelId === id)
          .sort((a, b) => a.window.number - b.window.number);
        assert.deepEqual(
          theirs.map(({ window }) => window),
          ours.map(({ window }) => window),
          `channel ${id}: the same signed windows`,
        );
        let root: string = noReceipts;
        for (const { window, leaves: hashes } of ours) {
          assert.equal(
            window.previousRoot,
            root,
            `channel ${id}: window ${window.number} follows the one before`,
          );
          root = receiptsRoot({ ...window, consumedUnits: BigInt(window.consumedUnits) });
          for (const hash of hashes) {
            assert.ok(!leaves.has(hash), `leaf ${hash} was paid twice`);
            leaves.add(hash);
          }
          checked++;
        }
        assert.equal(root, payer.receiptsRoot, `channel ${id}: the last window is the last paid`);
      }
    }
    assert.ok(checked > 0, "windows were compared");
  },
};
