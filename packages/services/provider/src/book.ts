import { LichenError, type Hex } from "@lichen/kernel";
import { forfeited, paid, promised, served } from "@lichen/money";
import { channelId, type ChannelKey, type SignedVoucher } from "@lichen/wire";
import { allRows, type Ledger, type Row, type Store, type Write } from "@lichen/ports";
import { newChannel, type PayeeChannel, type PendingWindow, type UnpaidLeaf } from "./channel.ts";
import { channelRow, leafRow, noLeafRow, readChannel, tables, windowRow } from "./records.ts";

/** Announced channels that may be looked up on the chain at the same time: asking costs a stranger nothing. */
const maxLookups = 64;

/**
 * All channels in which this provider is paid: in memory to decide, in the store to survive. Every
 * change of money is in the store before anybody outside learns of it.
 */
export class ChannelBook {
  readonly channels: Map<Hex, PayeeChannel> = new Map();
  readonly #store: Store;
  readonly #ledger: Ledger;
  readonly #windowsKept: number;
  readonly #maxChannels: number;
  /** Lookups under way: two announcements of one channel must not make two of it. */
  readonly #opening = new Map<Hex, Promise<PayeeChannel>>();

  constructor(store: Store, ledger: Ledger, bounds: { windowsKept: number; maxChannels: number }) {
    this.#store = store;
    this.#ledger = ledger;
    this.#windowsKept = bounds.windowsKept;
    this.#maxChannels = bounds.maxChannels;
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
   * @throws {LichenError} `channel-unknown` where it was never opened, `payment-rejected` where it pays
   *   somebody else, `limit-exceeded` at a bound
   */
  open(key: ChannelKey): Promise<PayeeChannel> {
    const id = channelId(key);
    const underWay = this.#opening.get(id);
    if (underWay !== undefined) return underWay;
    const opening = this.#open(id, key).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return opening;
  }

  async #open(id: Hex, key: ChannelKey): Promise<PayeeChannel> {
    if (key.payee !== this.#ledger.account) {
      throw new LichenError("payment-rejected", `the channel pays ${key.payee}, not us`);
    }
    if (this.#opening.size >= maxLookups) {
      throw new LichenError("limit-exceeded", `${maxLookups} channels are being looked up already`, {
        retryable: true,
      });
    }
    const known = this.channels.get(id);
    const channel: PayeeChannel = known ?? newChannel(id, key);
    if (!(await this.refresh(channel)))
      throw new LichenError("channel-unknown", "the channel is not on the chain", {
        details: id,
        retryable: true,
      });
    if (known === undefined) await this.#add(channel);
    return channel;
  }

  async #add(channel: PayeeChannel): Promise<void> {
    if (this.channels.size >= this.#maxChannels) await this.#forgetOne();
    await this.#store.commit([channelRow(channel)]);
    this.channels.set(channel.id, channel);
  }

  /** Makes room for a new channel: one that can neither earn nor pay any more is dropped. */
  async #forgetOne(): Promise<void> {
    const over = [...this.channels.values()].find(
      (channel) => channel.over && channel.account.inFlight === 0,
    );
    if (over === undefined) {
      throw new LichenError("limit-exceeded", `${this.#maxChannels} channels are open already`, {
        remedy: "try another provider",
        retryable: true,
      });
    }
    this.channels.delete(over.id);
    await this.#store.commit([
      { ...channelRow(over), value: undefined },
      ...over.leaves.map((leaf) => noLeafRow(over.id, leaf)),
      ...(over.pending?.leaves ?? []).map((leaf) => noLeafRow(over.id, leaf)),
    ]);
  }

  /** Brings deposit, claims and withdrawal up to what the chain says; false where it knows no such channel. */
  async refresh(channel: PayeeChannel): Promise<boolean> {
    const state = await this.#ledger.channel(channel.key);
    channel.over = state?.closed ?? false;
    channel.claimedUnits = state?.claimedUnits ?? 0n;
    channel.account = {
      ...channel.account,
      depositUnits: state?.depositUnits ?? 0n,
      withdrawing: state?.withdrawableAtS !== undefined,
    };
    return state !== undefined;
  }

  /**
   * Takes a voucher that pays in advance; its signature has been checked. The one held already may come
   * again as long as nothing was served for it: its first request may have ended without a leaf.
   */
  async prepaid(channel: PayeeChannel, voucher: SignedVoucher): Promise<void> {
    if (voucher.receiptsRoot !== channel.account.receiptsRoot) {
      throw new LichenError("payment-rejected", "the voucher belongs to another history of the channel");
    }
    const { promisedUnits, unpaidLeaves } = channel.account;
    if (voucher.amountUnits !== promisedUnits || unpaidLeaves > 0)
      channel.account = promised(channel.account, voucher.amountUnits);
    channel.voucher = voucher;
    await this.#store.commit([channelRow(channel)], { durable: true });
  }

  /**
   * An admitted request ended with this leaf, which is owed from now on and stored by `storeLeaf`.
   * @throws {LichenError} `payment-rejected`, nothing changed, where the same leaf is unpaid already: a
   *   payer that repeats its salt would make a window that can never be closed
   */
  served(channel: PayeeChannel, maxCostUnits: bigint, leaf: UnpaidLeaf): void {
    const same = ({ hash }: UnpaidLeaf): boolean => hash === leaf.hash;
    if (channel.leaves.some(same) || channel.pending?.leaves.some(same) === true)
      throw new LichenError("payment-rejected", "the request repeats another's salt");
    channel.account = served(channel.account, maxCostUnits, leaf.costUnits);
    channel.leaves.push(leaf);
  }

  /** Stores a leaf; before it is sent. */
  async storeLeaf(channel: PayeeChannel, leaf: UnpaidLeaf): Promise<void> {
    await this.#store.commit([leafRow(channel.id, leaf)]);
  }

  /** A window is about to be sent for the first time; where it cannot be stored it was never closed. */
  async closed(channel: PayeeChannel, pending: PendingWindow): Promise<void> {
    channel.pending = pending;
    channel.lastNumber = pending.window.number;
    const taken = new Set(pending.leaves);
    channel.leaves = channel.leaves.filter((leaf) => !taken.has(leaf));
    try {
      await this.#store.commit([channelRow(channel)], { durable: true });
    } catch (error) {
      channel.pending = undefined;
      channel.leaves = [...pending.leaves, ...channel.leaves];
      throw error;
    }
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
