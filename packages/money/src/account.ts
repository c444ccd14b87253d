import type { Hex } from "@lichen/kernel";
import { noReceipts } from "@lichen/wire";

/**
 * One channel's money as both of its ends compute it: the same events lead to the same account, so
 * each end knows what the other will accept. Amounts in the token's smallest unit.
 */
export type ChannelAccount = {
  /** What the chain holds for this channel, paid out or not. */
  depositUnits: bigint;
  /** A withdrawal was requested: nothing new is served. */
  withdrawing: boolean;
  /** The newest voucher's amount: what the payer has promised so far. */
  promisedUnits: bigint;
  /** Number, history and cost of all paid windows. */
  windowNumber: number;
  receiptsRoot: Hex;
  consumedUnits: bigint;
  /** Requests that may be unpaid, in flight or served. 0: each must be paid in advance. */
  creditRequests: number;
  /** Leaves paid since the credit last grew. */
  paidSinceGrowth: number;
  /** Requests being answered, and the most that they may cost. */
  inFlight: number;
  reservedUnits: bigint;
  /** Leaves in no paid window yet, and what they cost. */
  unpaidLeaves: number;
  unpaidUnits: bigint;
};

/** The most requests that a channel may owe, however long it has paid. */
export const maxCreditRequests = 1024;

/** A channel as it begins. */
export function openAccount(depositUnits: bigint): ChannelAccount {
  return {
    depositUnits,
    withdrawing: false,
    promisedUnits: 0n,
    windowNumber: 0,
    receiptsRoot: noReceipts,
    consumedUnits: 0n,
    creditRequests: 0,
    paidSinceGrowth: 0,
    inFlight: 0,
    reservedUnits: 0n,
    unpaidLeaves: 0,
    unpaidUnits: 0n,
  };
}
