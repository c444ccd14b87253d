import { type Hex } from "@lichen/kernel";
import { abandoned, forfeited, paid, promised, served, voucherUnits } from "@lichen/money";
import { noReceipts, receiptsRoot, voucherDigest, type SignedVoucher, type SignedWindow } from "@lichen/wire";
import { allRows, type Ledger, type Row, type Signer, type Store, type Write } from "@lichen/ports";
import type { PayerChannel } from "./channel.ts";
import {
  answerRow,
  channelRow,
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
      const unpaid: Row[] = [];
      for await (const leaf of allRows(this.#store, tables.unpaid, `${row.key}/`)) unpaid.push(leaf);
      this.#hold(readChannel(row, unpaid));
    }
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

  /** Promises `units` in advance. */
  async prepay(channel: PayerChannel, units: bigint): Promise<SignedVoucher> {
    channel.account = promised(channel.account, units);
    return this.#sign(channel, []);
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

  /** Pays a window that has been checked. */
  async pay(channel: PayerChannel, window: SignedWindow, leaves: readonly Hex[]): Promise<SignedVoucher> {
    channel.account = paid(channel.account, window, voucherUnits(channel.account, window));
    for (const leaf of leaves) channel.unpaid.delete(leaf);
    const number = window.number.toString();
    const writes: Write[] = leaves.flatMap((leaf) => [
      unpaidRow(channel.id, leaf, undefined),
      { table: tables.paidIn, key: leaf, value: number },
    ]);
    return this.#sign(channel, writes, { window, leaves });
  }

  /** The provider asks to be paid for what we never took: our credit with it is gone. */
  turnedDown(channel: PayerChannel): void {
    channel.account = forfeited(channel.account, 0, 0n);
  }

  /** Writes the channel as it stands. */
  async save(channel: PayerChannel, writes: readonly Write[] = []): Promise<void> {
    await this.#store.commit([channelRow(channel), ...writes]);
  }

  /** Signs what the account promises now, and stores it with `writes` before anybody sees it. */
  async #sign(
    channel: PayerChannel,
    writes: readonly Write[],
    paidWindow?: { window: SignedWindow; leaves: readonly Hex[] },
  ): Promise<SignedVoucher> {
    const { promisedUnits: amountUnits } = channel.account;
    const unsigned = { channelId: channel.id, amountUnits, receiptsRoot: channel.account.receiptsRoot };
    const signature = await this.#signer.sign(voucherDigest(this.#ledger.deployment, unsigned));
    const voucher = { ...unsigned, signature };
    channel.voucher = voucher;
    const window = paidWindow === undefined ? [] : [windowRow({ ...paidWindow, voucher })];
    await this.#store.commit([channelRow(channel), ...window, ...writes], { durable: true });
    return voucher;
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
