import { limits, type Hex } from "@lichen/kernel";
import {
  abandoned,
  forfeited,
  paid,
  promised,
  served,
  unpaid,
  voucherUnits,
  type PricedLeaf,
} from "@lichen/money";
import {
  noReceipts,
  receiptsRoot,
  voucherDigest,
  type Payment,
  type SignedVoucher,
  type SignedWindow,
} from "@lichen/wire";
import { allRows, type Ledger, type Row, type Signer, type Store, type Write } from "@lichen/ports";
import type { PayerChannel } from "./channel.ts";
import {
  answerRow,
  channelRow,
  paymentRow,
  readChannel,
  tables,
  unpaidRow,
  windowRow,
  type AnswerRecord,
} from "./records.ts";

/**
 * All channels through which this gateway pays: in memory to decide, in the store to survive. A
 * voucher is in the store before it leaves the process, so nothing that was promised is forgotten.
 */
export class PayerBook {
  readonly channels: Map<Hex, PayerChannel> = new Map();
  /** Channels by provider, the newest one that is not retired. */
  readonly #byProvider = new Map<Hex, PayerChannel>();
  readonly #store: Store;
  readonly #signer: Signer;
  readonly #ledger: Ledger;

  constructor(components: { store: Store; signer: Signer; ledger: Ledger }) {
    this.#store = components.store;
    this.#signer = components.signer;
    this.#ledger = components.ledger;
  }

  /** Reads what earlier runs left. */
  async load(): Promise<void> {
    for await (const row of allRows(this.#store, tables.channels)) {
      const leaves: Row[] = [];
      for await (const leaf of allRows(this.#store, tables.unpaid, `${row.key}/`)) leaves.push(leaf);
      this.#hold(readChannel(row, leaves));
    }
  }

  /** Channels that are paid through. */
  get open(): Iterable<PayerChannel> {
    return this.#byProvider.values();
  }

  get openCount(): number {
    return this.#byProvider.size;
  }

  of(provider: Hex): PayerChannel | undefined {
    return this.#byProvider.get(provider);
  }

  /** Remembers a new channel before anything is sent to the chain for it. */
  async add(channel: PayerChannel): Promise<void> {
    await this.#store.commit([channelRow(channel)], { durable: true });
    this.#hold(channel);
  }

  /** Never pays through this channel again. */
  async retire(channel: PayerChannel): Promise<void> {
    channel.retired = true;
    if (this.#byProvider.get(channel.key.payee) === channel) this.#byProvider.delete(channel.key.payee);
    await this.#store.commit([channelRow(channel)], { durable: true });
  }

  /** Promises `units` in advance, at once; where the voucher cannot be stored nothing was promised. */
  async prepay(channel: PayerChannel, units: bigint): Promise<SignedVoucher> {
    const { account: before, voucher: held } = channel;
    channel.account = promised(channel.account, units);
    try {
      channel.voucher = await this.#sign(channel, units, before.receiptsRoot);
      await this.#store.commit([channelRow(channel)], { durable: true });
      return channel.voucher;
    } catch (error) {
      channel.account = { ...channel.account, promisedUnits: before.promisedUnits };
      channel.voucher = held;
      throw error;
    }
  }

  /** An admitted request ended with a leaf that has been checked. */
  async served(
    channel: PayerChannel,
    maxCostUnits: bigint,
    leaf: { hash: Hex; costUnits: bigint },
    id: string,
    record: AnswerRecord,
  ): Promise<void> {
    channel.account = served(channel.account, maxCostUnits, leaf.costUnits);
    channel.unpaid.set(leaf.hash, leaf.costUnits);
    await this.#store.commit([answerRow(id, record), unpaidRow(channel.id, leaf.hash, leaf.costUnits)]);
  }

  /** An admitted request ended without a leaf. */
  abandoned(channel: PayerChannel, maxCostUnits: bigint): void {
    channel.account = abandoned(channel.account, maxCostUnits);
  }

  /** Pays a window that has been checked; where the voucher cannot be stored nothing was paid. */
  async pay(
    channel: PayerChannel,
    window: SignedWindow,
    leaves: readonly PricedLeaf[],
  ): Promise<SignedVoucher> {
    const units = voucherUnits(channel.account, window);
    const voucher = await this.#sign(channel, units, receiptsRoot(window));
    // Account and voucher change together with the row: no other row can hold one without the other.
    const { account: before, voucher: held } = channel;
    channel.account = paid(before, window, units);
    channel.voucher = voucher;
    for (const { hash } of leaves) channel.unpaid.delete(hash);
    const hashes = leaves.map(({ hash }) => hash);
    const number = window.number.toString();
    const writes: Write[] = hashes.flatMap((leaf) => [
      unpaidRow(channel.id, leaf, undefined),
      { table: tables.paidIn, key: leaf, value: number },
    ]);
    try {
      const rows = [channelRow(channel), windowRow({ window, leaves: hashes, voucher }), ...writes];
      await this.#store.commit(rows, { durable: true });
    } catch (error) {
      channel.account = unpaid(channel.account, window, before);
      channel.voucher = held;
      for (const { hash, costUnits } of leaves) channel.unpaid.set(hash, costUnits);
      throw error;
    }
    return voucher;
  }

  /** The newest voucher once more. It may still be on its way to the disk: the commit waits for that. */
  async voucherAgain(channel: PayerChannel): Promise<SignedVoucher> {
    await this.#store.commit([channelRow(channel)], { durable: true });
    return channel.voucher as SignedVoucher;
  }

  /** The provider asks to be paid for what we never took: our credit with it is gone. */
  turnedDown(channel: PayerChannel): void {
    channel.account = forfeited(channel.account, 0, 0n);
  }

  /** Notes what the chain has paid out, by these payments. The sum last: until it is stored they are looked for again. */
  async claimed(channel: PayerChannel, claimedUnits: bigint, payments: readonly Payment[]): Promise<void> {
    for (let i = 0; i < payments.length; i += limits.storeWrites) {
      const some = payments.slice(i, i + limits.storeWrites);
      await this.#store.commit(some.map((payment) => paymentRow(channel.id, payment)));
    }
    channel.claimedUnits = claimedUnits;
    await this.#store.commit([channelRow(channel)]);
  }

  async #sign({ id }: PayerChannel, amountUnits: bigint, root: Hex): Promise<SignedVoucher> {
    const voucher = { channelId: id, amountUnits, receiptsRoot: root };
    const signature = await this.#signer.sign(voucherDigest(this.#ledger.deployment, voucher));
    return { ...voucher, signature };
  }

  #hold(channel: PayerChannel): void {
    this.channels.set(channel.id, channel);
    if (!channel.retired) this.#byProvider.set(channel.key.payee, channel);
  }
}

/** Whether the window is the one paid last: its voucher got lost on the way. */
export function isPaid(channel: PayerChannel, window: SignedWindow): boolean {
  return channel.account.receiptsRoot !== noReceipts && channel.account.receiptsRoot === receiptsRoot(window);
}
