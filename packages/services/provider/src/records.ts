import { z } from "zod";
import { LichenError, stringify, type Hex } from "@lichen/kernel";
import {
  channelId,
  channelKeySchema,
  digestSchema,
  signedVoucherSchema,
  signedWindowSchema,
  unitsSchema,
} from "@lichen/wire";
import { parseRow, type Row, type Write } from "@lichen/ports";
import { newChannel, type PayeeChannel, type UnpaidLeaf } from "./channel.ts";

/** Tables of the provider's store. */
export const tables = {
  channels: "payee-channels",
  leaves: "payee-leaves",
  windows: "payee-windows",
} as const;

const leafSchema = z.object({
  hash: digestSchema,
  costUnits: unitsSchema,
  bytes: z.string() as unknown as z.ZodType<Hex>,
  servedAtMs: z.number(),
});

const channelSchema = z.object({
  key: channelKeySchema,
  depositUnits: unitsSchema,
  promisedUnits: unitsSchema,
  windowNumber: z.int(),
  receiptsRoot: digestSchema,
  consumedUnits: unitsSchema,
  creditRequests: z.int(),
  paidSinceGrowth: z.int(),
  voucher: signedVoucherSchema.optional(),
  claimedUnits: unitsSchema,
  lastNumber: z.int(),
  pending: z.object({ window: signedWindowSchema, leaves: z.array(leafSchema) }).optional(),
});

/** The channel as it must be found after a restart. Leaves outside a window have rows of their own. */
export function channelRow(channel: PayeeChannel): Write {
  const { key, account, voucher, claimedUnits, lastNumber, pending } = channel;
  const { depositUnits, promisedUnits, windowNumber, receiptsRoot, consumedUnits } = account;
  const { creditRequests, paidSinceGrowth } = account;
  const record: z.infer<typeof channelSchema> = {
    key,
    depositUnits,
    promisedUnits,
    windowNumber,
    receiptsRoot,
    consumedUnits,
    creditRequests,
    paidSinceGrowth,
    voucher,
    claimedUnits,
    lastNumber,
    pending: pending && { window: pending.window, leaves: [...pending.leaves] },
  };
  return { table: tables.channels, key: channel.id, value: stringify(record) };
}

/** Row of a leaf that waits for its window. */
export function leafRow(channel: Hex, leaf: UnpaidLeaf): Write {
  return { table: tables.leaves, key: `${channel}/${leaf.hash}`, value: stringify(leaf) };
}

/** The same row, taken away. */
export function noLeafRow(channel: Hex, leaf: UnpaidLeaf): Write {
  return { table: tables.leaves, key: `${channel}/${leaf.hash}`, value: undefined };
}

/** Row of a paid window, kept for whoever asks for proof. */
export function windowRow(channel: PayeeChannel, pending: PendingRecord): Write {
  const key = `${channel.id}/${String(pending.window.number).padStart(12, "0")}`;
  return { table: tables.windows, key, value: stringify(pending) };
}
type PendingRecord = NonNullable<PayeeChannel["pending"]>;

/**
 * A channel from its rows.
 * @throws {LichenError} `state-invalid` where a row does not parse or its sums disagree
 */
export function readChannel(row: Row, leafRows: readonly Row[]): PayeeChannel {
  const record = parseRow(channelSchema, row);
  const pending = record.pending;
  const inWindow = new Set(pending?.leaves.map((leaf) => leaf.hash));
  const all = leafRows.map((leaf) => parseRow(leafSchema, leaf));
  const { key, voucher, claimedUnits, lastNumber, ...money } = record;
  if (channelId(key) !== row.key)
    throw new LichenError("state-invalid", `the row of channel ${row.key} holds another`);
  const channel = newChannel(row.key as Hex, key);
  return {
    ...channel,
    voucher,
    claimedUnits,
    lastNumber,
    account: {
      ...channel.account,
      depositUnits: money.depositUnits,
      promisedUnits: money.promisedUnits,
      windowNumber: money.windowNumber,
      receiptsRoot: money.receiptsRoot,
      consumedUnits: money.consumedUnits,
      creditRequests: money.creditRequests,
      paidSinceGrowth: money.paidSinceGrowth,
      unpaidLeaves: all.length,
      unpaidUnits: all.reduce((sum, leaf) => sum + leaf.costUnits, 0n),
    },
    leaves: all.filter((leaf) => !inWindow.has(leaf.hash)).sort((a, b) => a.servedAtMs - b.servedAtMs),
    pending,
  };
}
