import { fromHex, toHex, type Hex } from "@lichen/kernel";
import {
  decodeLeaf,
  leafHash,
  merklePath,
  merkleTree,
  type Leaf,
  type Payment,
  type Receipt,
} from "@lichen/wire";
import type { Context } from "../context.ts";
import {
  readAnswer,
  readPayment,
  readWindow,
  sortable,
  tables,
  windowKey,
  type WindowRecord,
} from "./records.ts";

/** How far the payment for an answer has come. */
export type ReceiptView = {
  id: string;
  /** `served`: in no window yet. `signed`: provider and payer have signed. `paid`: the chain has paid it out. */
  status: "served" | "signed" | "paid";
  provider: Hex;
  model: { id: Hex; name: string };
  leaf: Leaf;
  /** From `signed` on. */
  receipt: Receipt | undefined;
};

/** What is known about an answer; undefined where there is no such answer. */
export async function findReceipt(context: Context, id: string): Promise<ReceiptView | undefined> {
  const { store, book, ledger } = context;
  const value = await store.get(tables.answers, id);
  if (value === undefined) return undefined;
  const { channelId, model, salt, prompt, leaf } = readAnswer({ key: id, value });
  const channel = book.channels.get(channelId);
  if (channel === undefined) return undefined;
  const { key } = channel;
  const view = { id, provider: key.payee, model, leaf: decodeLeaf(fromHex(leaf)) };
  const hash = leafHash(fromHex(leaf));
  const number = await store.get(tables.paidIn, toHex(hash));
  if (number === undefined) return { ...view, status: "served", receipt: undefined };
  const record = await windowOf(context, channelId, number);
  const { window, voucher, leaves } = record;
  const tree = merkleTree(leaves.map((other) => fromHex(other, 32)));
  const path = merklePath(tree, hash).map(toHex);
  const payment = await paymentOf(context, channelId, window.consumedUnits);
  const { chainId, channels } = ledger.deployment;
  const receipt: Receipt = {
    id,
    domain: { chainId, channels },
    key,
    model,
    salt,
    prompt,
    leaf,
    path,
    window,
    voucher,
    payment,
  };
  return { ...view, status: payment === undefined ? "signed" : "paid", receipt };
}

async function windowOf({ store }: Context, channelId: Hex, number: string): Promise<WindowRecord> {
  const key = windowKey(channelId, BigInt(number));
  return readWindow({ key, value: (await store.get(tables.windows, key)) ?? "missing" });
}

/** The first payment that brought the channel's claims to what had been consumed by then. */
async function paymentOf(
  { store }: Context,
  channelId: Hex,
  consumedUnits: bigint,
): Promise<Payment | undefined> {
  const after = `${channelId}/${sortable(consumedUnits - 1n)}`;
  const [row] = await store.list(tables.payments, { prefix: `${channelId}/`, after, limit: 1 });
  return row === undefined ? undefined : readPayment(row);
}
