import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits, toHex, utf8, type Hex } from "@lichen/kernel";
import { channelId, keccak } from "@lichen/wire";
import type { Clock } from "@lichen/ports";
import {
  createMemoryChain,
  createMemoryLedger,
  createMemorySigner,
  createMemoryStore,
} from "@lichen/ports/memory";
import { PayerBook } from "./book.ts";
import { newChannel, type PayerChannel } from "./channel.ts";
import { channelRow } from "./records.ts";

const clock: Clock = { nowMs: () => 1_000, sleep: async () => {} };
const hash = (text: string): Hex => toHex(keccak(utf8(text)));
const signer = createMemorySigner(keccak(utf8("payer")));

function openBook() {
  const store = createMemoryStore();
  const ledger = createMemoryLedger(createMemoryChain({ clock }), { account: signer.address });
  const key = { payer: signer.address, payee: `0x${"22".repeat(20)}` as Hex, salt: hash("salt") };
  const channel = newChannel(channelId(key), key);
  return { store, ledger, channel, book: new PayerBook({ store, ledger, signer }) };
}

describe("a gateway's book", () => {
  it("notes more payments than one commit takes", async () => {
    const { store, channel, book } = openBook();
    const count = limits.storeWrites + 1;
    const payments = Array.from({ length: count }, (_, i) => ({
      transaction: hash("transaction"),
      blockNumber: i,
      claimedUnits: BigInt(i + 1),
    }));
    await book.claimed(channel, BigInt(count), payments);
    const after = `${channel.id}/${String(count - 1).padStart(30, "0")}`;
    assert.equal((await store.list("payments", { prefix: `${channel.id}/`, after })).length, 1);
    assert.equal(channel.claimedUnits, BigInt(count));
  });

  it("takes for promised what is signed, whatever was being signed when the process ended", async () => {
    const { store, ledger, channel, book } = openBook();
    channel.account = { ...channel.account, depositUnits: 1_000n };
    await book.prepay(channel, 100n);
    const later: PayerChannel = { ...channel, account: { ...channel.account, promisedUnits: 500n } };
    await store.commit([channelRow(later)]);
    const again = new PayerBook({ store, ledger, signer });
    await again.load();
    assert.equal(again.channels.get(channel.id)?.account.promisedUnits, 100n);
  });
});
