import { LichenError } from "@lichen/kernel";
import type { ChannelAccount } from "./account.ts";

/**
 * A request admitted for `maxCostUnits` ended with a leaf.
 * @throws {LichenError} `payment-rejected` where it cost more than was agreed
 */
export function served(account: ChannelAccount, maxCostUnits: bigint, costUnits: bigint): ChannelAccount {
  if (costUnits > maxCostUnits) {
    throw new LichenError("payment-rejected", "the answer costs more than was agreed", {
      details: `${costUnits} of at most ${maxCostUnits} units`,
    });
  }
  return {
    ...abandoned(account, maxCostUnits),
    unpaidLeaves: account.unpaidLeaves + 1,
    unpaidUnits: account.unpaidUnits + costUnits,
  };
}

/** A request admitted for `maxCostUnits` ended without a leaf: nothing is owed. */
export function abandoned(account: ChannelAccount, maxCostUnits: bigint): ChannelAccount {
  return { ...account, inFlight: account.inFlight - 1, reservedUnits: account.reservedUnits - maxCostUnits };
}

/**
 * The payer does not know these leaves (it lost them, or says so) and will not pay them. They are
 * gone, and so is its credit: the next request is paid in advance again.
 */
export function forfeited(account: ChannelAccount, leaves: number, costUnits: bigint): ChannelAccount {
  return {
    ...account,
    unpaidLeaves: account.unpaidLeaves - leaves,
    unpaidUnits: account.unpaidUnits - costUnits,
    creditRequests: 0,
    paidSinceGrowth: 0,
  };
}
