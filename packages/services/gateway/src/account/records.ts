import { z } from "zod";
import { LichenError, stringify, type Hex } from "@lichen/kernel";
import {
  asciiSchema,
  channelId,
  channelKeySchema,
  digestSchema,
  leafSchema,
  signedVoucherSchema,
  signedWindowSchema,
  unitsSchema,
  type Payment,
  type SignedVoucher,
  type SignedWindow,
} from "@lichen/wire";
import { parseRow, type Row, type Write } from "@lichen/ports";
import { newChannel, type PayerChannel } from "./channel.ts";

/** Tables of the gateway's store. */
export const tables = {
  /** channel id → channel */
  channels: "payer-channels",
  /** channel id / leaf hash → cost: leaves that no voucher covers yet */
  unpaid: "payer-unpaid",
  /** request id → what its receipt is made of */
  answers: "answers",
  /** leaf hash → number of the window that paid it */
  paidIn: "paid-in",
  /** channel id / window number → window, leaves, voucher */
  windows: "payer-windows",
  /** channel id / units claimed so far → the transaction */
  payments: "payments",
} as const;

/** Number in a key, so that the order of text is the order of numbers. */
export const sortable = (value: bigint | number): string => value.toString().padStart(30, "0");

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
  retired: z.boolean(),
});

/** The channel as it must be found after a restart. */
export function channelRow({ id, key, account, voucher, claimedUnits, retired }: PayerChannel): Write {
  const { depositUnits, promisedUnits, windowNumber, receiptsRoot, consumedUnits } = account;
  const { creditRequests, paidSinceGrowth } = account;
  const money = {
    depositUnits,
    promisedUnits,
    windowNumber,
    receiptsRoot,
    consumedUnits,
    creditRequests,
    paidSinceGrowth,
  };
  return {
    table: tables.channels,
    key: id,
    value: stringify({ key, ...money, voucher, claimedUnits, retired }),
  };
}

/**
 * A channel from its rows.
 * @throws {LichenError} `state-invalid`
 */
export function readChannel(row: Row, unpaidRows: readonly Row[]): PayerChannel {
  const { key, voucher, claimedUnits, retired, ...money } = parseRow(channelSchema, row);
  if (channelId(key) !== row.key)
    throw new LichenError("state-invalid", `the row of channel ${row.key} holds another`);
  const unpaid = new Map(
    unpaidRows.map(({ key: at, value }) => [at.slice(at.indexOf("/") + 1) as Hex, BigInt(value)]),
  );
  const unpaidUnits = [...unpaid.values()].reduce((sum, cost) => sum + cost, 0n);
  const channel = newChannel(row.key as Hex, key);
  // Only what is signed is promised: a row may have been written while a voucher was being signed.
  const promisedUnits = voucher?.amountUnits ?? 0n;
  const account = {
    ...channel.account,
    ...money,
    promisedUnits,
    unpaidLeaves: unpaid.size,
    unpaidUnits,
  };
  return { ...channel, account, voucher, claimedUnits, unpaid, retired };
}

/** What is kept of an answered request: no text, only digests. */
export type AnswerRecord = {
  channelId: Hex;
  model: { id: Hex; name: string };
  salt: Hex;
  /** `promptDigestOf` the request. */
  prompt: Hex;
  leaf: Hex;
};
const answerSchema: z.ZodType<AnswerRecord, unknown> = z.object({
  channelId: digestSchema,
  model: z.object({ id: digestSchema, name: asciiSchema(128) }),
  salt: digestSchema,
  prompt: digestSchema,
  leaf: leafSchema,
});

export const answerRow = (id: string, record: AnswerRecord): Write => ({
  table: tables.answers,
  key: id,
  value: stringify(record),
});
export const readAnswer = (row: Row): AnswerRecord => parseRow(answerSchema, row);

export const unpaidRow = (channel: Hex, leaf: Hex, costUnits: bigint | undefined): Write => ({
  table: tables.unpaid,
  key: `${channel}/${leaf}`,
  value: costUnits?.toString(),
});

/** A window as it was paid. */
export type WindowRecord = { window: SignedWindow; leaves: readonly Hex[]; voucher: SignedVoucher };
const windowRecordSchema = z.object({
  window: signedWindowSchema,
  leaves: z.array(digestSchema),
  voucher: signedVoucherSchema,
});

export const windowKey = (channel: Hex, number: number | bigint): string => `${channel}/${sortable(number)}`;
export const windowRow = (record: WindowRecord): Write => ({
  table: tables.windows,
  key: windowKey(record.window.channelId, record.window.number),
  value: stringify(record),
});
export const readWindow = (row: Row): WindowRecord => parseRow(windowRecordSchema, row);

const paymentSchema = z.object({
  transaction: digestSchema,
  blockNumber: z.int(),
  claimedUnits: unitsSchema,
});
export const paymentRow = (channel: Hex, payment: Payment): Write => ({
  table: tables.payments,
  key: `${channel}/${sortable(payment.claimedUnits)}`,
  value: stringify(payment),
});
export const readPayment = (row: Row): Payment => parseRow(paymentSchema, row);
