import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LichenError, toHex, utf8, type Hex } from "@lichen/kernel";
import { closeWindow } from "@lichen/money";
import { keccak, type ChannelKey } from "@lichen/wire";
import type { Clock, Store } from "@lichen/ports";
import {
  createMemoryChain,
  createMemoryLedger,
  createMemorySigner,
  createMemoryStore,
} from "@lichen/ports/memory";
import { ChannelBook } from "./book.ts";

const clock: Clock = { nowMs: () => 1_000, sleep: async () => {} };
const bounds = { windowsKept: 4, maxChannels: 4 };
const signature: Hex = `0x${"11".repeat(65)}`;

async function openChannel(store: Store): Promise<{ book: ChannelBook; key: ChannelKey }> {
  const [payer, payee] = ["payer", "payee"].map((name) => createMemorySigner(keccak(utf8(name))).address) as [
    Hex,
    Hex,
  ];
  const chain = createMemoryChain({ clock });
  chain.faucet(payer, { tokenUnits: 1_000n, nativeWei: 10n ** 18n });
  const key = { payer, payee, salt: toHex(keccak(utf8("salt"))) };
  await createMemoryLedger(chain, { account: payer }).open(payee, key.salt, 1_000n);
  return { book: new ChannelBook(store, createMemoryLedger(chain, { account: payee }), bounds), key };
}

describe("a provider's book", () => {
  it("makes one channel of two announcements at once, so that no number is signed twice", async () => {
    const { book, key } = await openChannel(createMemoryStore());
    const [one, other] = await Promise.all([book.open(key), book.open(key)]);
    assert.equal(one, other);
    assert.equal(book.channels.get(one.id), one);
  });

  it("takes no leaf twice, for no window could be closed over both", async () => {
    const { book, key } = await openChannel(createMemoryStore());
    const channel = await book.open(key);
    const leaf = { hash: toHex(keccak(utf8("leaf"))), costUnits: 5n, bytes: "0x" as Hex, servedAtMs: 1 };
    book.served(channel, 5n, leaf);
    const { account } = channel;
    assert.throws(() => book.served(channel, 5n, { ...leaf }), { code: "payment-rejected" });
    assert.equal(channel.account, account, "nothing changed");
    assert.equal(channel.leaves.length, 1);
  });

  it("does not send a window that it could not store", async () => {
    const store = createMemoryStore();
    let full = false;
    const { book, key } = await openChannel({
      get: (table, at) => store.get(table, at),
      list: (table, query) => store.list(table, query),
      close: () => store.close(),
      async commit(writes, options) {
        if (full) throw new LichenError("state-invalid", "the disk is full");
        await store.commit(writes, options);
      },
    });
    const channel = await book.open(key);
    const leaf = { hash: toHex(keccak(utf8("leaf"))), costUnits: 5n, bytes: "0x" as Hex, servedAtMs: 1 };
    channel.leaves.push(leaf);
    const window = { ...closeWindow(channel.account, channel.id, 1, [leaf]), signature };
    full = true;
    await assert.rejects(book.closed(channel, { window, leaves: [leaf] }), { code: "state-invalid" });
    assert.equal(channel.pending, undefined);
    assert.deepEqual(channel.leaves, [leaf]);
    assert.equal(channel.lastNumber, 1, "its number is not used again");
  });
});
