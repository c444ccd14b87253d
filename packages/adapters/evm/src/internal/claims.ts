import { fromHex, type Hex } from "@lichen/kernel";
import type { Claim, ClaimedEvent, ClaimOutcome } from "@lichen/ports";
import { decodeEventLog, encodeEventTopics } from "viem/utils";
import { channelsAbi } from "./contracts.ts";
import { errorNameOf } from "./faults.ts";
import type { Receipt } from "./sender.ts";

/** Gas of a claiming transaction, by `bench/gas.ts`: what it takes by itself, and what each channel adds. */
const transactionGas = 37_000n;
const channelGas = 14_000n;

/** Units of gas that a claim of `count` vouchers takes. */
export const claimGas = (count: number): bigint => transactionGas + channelGas * BigInt(count);

const zeros: Hex = `0x${"00".repeat(32)}`;

/** A claim as the contract takes it, the signature in compact form (EIP-2098). */
export function encodeClaim({ key, voucher }: Claim): {
  payer: Hex;
  salt: Hex;
  amount: bigint;
  receiptsRoot: Hex;
  r: Hex;
  vs: Hex;
} {
  const { amountUnits: amount, receiptsRoot, signature } = voucher;
  return { payer: key.payer, salt: key.salt, amount, receiptsRoot, ...compact(signature) };
}

/**
 * A malformed signature becomes zeros, which the contract skips like any wrong one. Its own check for
 * a high s would not see one in the upper half of 32 bytes, where the compact form keeps v.
 */
function compact(signature: Hex): { r: Hex; vs: Hex } {
  if (!/^0x[0-9a-f]{130}$/.test(signature)) return { r: zeros, vs: zeros };
  const bytes = fromHex(signature);
  const s = BigInt(`0x${signature.slice(66, 130)}`);
  const v = bytes[64] as number;
  if ((v !== 27 && v !== 28) || s >> 255n !== 0n) return { r: zeros, vs: zeros };
  const vs = (BigInt(v - 27) << 255n) | s;
  return { r: signature.slice(0, 66) as Hex, vs: `0x${vs.toString(16).padStart(64, "0")}` };
}

/** An event as `eth_getLogs` gives it. */
export type RawLog = { topics: [Hex, ...Hex[]]; data: Hex; transactionHash: Hex; blockNumber: string };

/** The filter that finds the payments out of some channels. */
export function claimedFilter(channels: Hex, ids: readonly Hex[], fromBlock: string): object {
  const topics = encodeEventTopics({ abi: channelsAbi, eventName: "Claimed", args: { channelId: [...ids] } });
  return { address: channels, topics, fromBlock, toBlock: "latest" };
}

/** A payment out of a channel. */
export function decodeClaimed(log: RawLog): ClaimedEvent {
  const { args } = decodeEventLog({
    abi: channelsAbi,
    eventName: "Claimed",
    topics: log.topics,
    data: log.data,
  });
  return {
    channelId: args.channelId,
    transaction: log.transactionHash,
    blockNumber: Number(log.blockNumber),
    claimedUnits: args.claimed,
  };
}

/**
 * The outcomes of a transaction, one a claim and in their order. An event tells a channel's total only;
 * what this transaction added is the difference to the payment before.
 * @param before what each channel had paid at some time before the transaction
 * @param payments all payments out of these channels since then
 */
export function outcomesOf(
  { logs, transaction }: Receipt,
  channels: Hex,
  before: ReadonlyMap<Hex, bigint>,
  payments: readonly ClaimedEvent[],
): ClaimOutcome[] {
  const totals = new Map(before);
  const paid = payments.flatMap((payment) => {
    const total = totals.get(payment.channelId) ?? 0n;
    totals.set(payment.channelId, payment.claimedUnits > total ? payment.claimedUnits : total);
    return payment.transaction === transaction ? [payment.claimedUnits - total] : [];
  });
  let next = 0;
  return logs.flatMap(({ address, topics, data }): ClaimOutcome[] => {
    if (address.toLowerCase() !== channels) return [];
    const event = decodeEventLog({ abi: channelsAbi, topics: topics as [Hex, ...Hex[]], data });
    if (event.eventName === "Claimed") {
      return [{ channelId: event.args.channelId, paidUnits: paid[next++] ?? 0n }];
    }
    if (event.eventName !== "ClaimSkipped") return [];
    return [{ channelId: event.args.channelId, skipped: errorNameOf(event.args.reason) }];
  });
}
