import { LichenError, type Hex } from "@lichen/kernel";
import { forfeited, openAccount, paid, promised, served } from "@lichen/money";
import { channelId, type ChannelKey, type SignedVoucher } from "@lichen/wire";
import { allRows, type Ledger, type Row, type Store, type Write } from "@lichen/ports";
import type { PayeeChannel, PendingWindow, UnpaidLeaf } from "./channel.ts";
import { channelRow, leafRow, noLeafRow, readChannel, tables, windowRow } from "./records.ts";

/**
 * All channels in which this provider is paid: in memory to decide, in the store to survive. Every
 * change of money is in the store before anybody outside learns of it.
 */
export class ChannelBook {
  readonly channels: Map<Hex, PayeeChannel> = new Map();
  readonly #store: Store;
  readonly #ledger: Ledger;
  readonly #windowsKept: number;

  constructor(store: Store, ledger: Ledger, windowsKept: number) {
    this.#store = store;
    this.#ledger = ledger;
    this.#windowsKept = windowsKept;
  }

  /** Reads what earlier runs left. */
  async load(): Promise<void> {
    for await (const row of allRows(this.#store, tables.channels)) {
      const leaves: Row[] = [];
      for await (const leaf of allRows(this.#store, tables.leaves, `${row.key}/`)) leaves.push(leaf);
      const channel = readChannel(row, leaves);
      this.channels.set(channel.id, channel);
    }
  }

  /**
   * The channel with this key, as the chain knows it.
   * @throws {LichenError} `channel-unknown` where it was never opened, `payment-rejected` where it pays somebody else
   */
  async open(key: ChannelKey): Promise<PayeeChannel> {
    if (key.payee !== this.#ledger.account) {
      throw new LichenError("payment-rejected", `the channel pays ${key.payee}, not us`);
    }
    const id = channelId(key);
    const known = this.channels.get(id);
    const channel: PayeeChannel = known ?? {
      id,
      key,
      account: openAccount(0n),
      voucher: undefined,
      claimedUnits: 0n,
      lastNumber: 0,
      leaves: [],
      pending: undefined,
      peerId: undefined,
      refreshedAtMs: 0,
      closing: false,
    };
    if (!(await this.refresh(channel)))
      throw new LichenError("channel-unknown", "the channel is not on the chain", {
        details: id,
        retryable: true,
      });
    if (known === undefined) {
      await this.#store.commit([channelRow(channel)]);
      this.channels.set(id, channel);
    }
    return channel;
  }

  /** Brings deposit, claims and withdrawal up to what the chain says; false where it knows no such channel. */
  async refresh(channel: PayeeChannel): Promise<boolean> {
    const state = await this.#ledger.channel(channel.key);
    channel.claimedUnits = state?.claimedUnits ?? 0n;
    channel.account = {
      ...channel.account,
      depositUnits: state?.depositUnits ?? 0n,
      withdrawing: state?.withdrawableAtS !== undefined,
    };
    return state !== undefined;
  }

  /** Takes a voucher that pays in advance; its signature has been checked. */
  async prepaid(channel: PayeeChannel, voucher: SignedVoucher): Promise<void> {
    if (voucher.receiptsRoot !== channel.account.receiptsRoot) {
      throw new LichenError("payment-rejected", "the voucher belongs to another history of the channel");
    }
    channel.account = promised(channel.account, voucher.amountUnits);
    channel.voucher = voucher;
    await this.#store.commit([channelRow(channel)], { durable: true });
  }

  /** An admitted request ended with this leaf. */
  async served(channel: PayeeChannel, maxCostUnits: bigint, leaf: UnpaidLeaf): Promise<void> {
    channel.account = served(channel.account, maxCostUnits, leaf.costUnits);
    channel.leaves.push(leaf);
    await this.#store.commit([leafRow(channel.id, leaf)]);
  }

  /** A window is about to be sent for the first time. */
  async closed(channel: PayeeChannel, pending: PendingWindow): Promise<void> {
    channel.pending = pending;
    channel.lastNumber = pending.window.number;
    const taken = new Set(pending.leaves);
    channel.leaves = channel.leaves.filter((leaf) => !taken.has(leaf));
    await this.#store.commit([channelRow(channel)], { durable: true });
  }

  /** The pending window was paid; the voucher's signature has been checked. */
  async paid(channel: PayeeChannel, pending: PendingWindow, voucher: SignedVoucher): Promise<void> {
    channel.account = paid(channel.account, pending.window, voucher.amountUnits);
    channel.voucher = voucher;
    channel.pending = undefined;
    const writes: Write[] = [channelRow(channel), windowRow(channel, pending)];
    for (const leaf of pending.leaves) writes.push(noLeafRow(channel.id, leaf));
    const expired = pending.window.number - this.#windowsKept;
    if (expired > 0)
      writes.push({
        ...windowRow(channel, { ...pending, window: { ...pending.window, number: expired } }),
        value: undefined,
      });
    await this.#store.commit(writes, { durable: true });
  }

  /** The payer does not know some of the pending window's leaves; the others go into the next one. */
  async turnedDown(
    channel: PayeeChannel,
    pending: PendingWindow,
    unknown: ReadonlySet<Hex>,
  ): Promise<number> {
    const lost = pending.leaves.filter((leaf) => unknown.has(leaf.hash));
    const units = lost.reduce((sum, leaf) => sum + leaf.costUnits, 0n);
    channel.account = forfeited(channel.account, lost.length, units);
    channel.leaves = [...pending.leaves.filter((leaf) => !unknown.has(leaf.hash)), ...channel.leaves];
    channel.pending = undefined;
    await this.#store.commit([channelRow(channel), ...lost.map((leaf) => noLeafRow(channel.id, leaf))], {
      durable: true,
    });
    return lost.length;
  }
}
