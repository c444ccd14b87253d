import { LichenError } from "@lichen/kernel";
import type { ChannelAccount } from "./account.ts";

/**
 * Makes room for a request that may cost up to `maxCostUnits`.
 *
 * A new channel (credit 0) serves one request at a time, each covered by what the payer has already
 * promised. With credit, up to `creditRequests` may be unpaid. The deposit bounds everything.
 *
 * @throws {LichenError} `payment-rejected` while a withdrawal is pending, `deposit-exhausted`,
 *   `no-credit` (both retryable: after a top-up, after the next paid window)
 */
export function admit(account: ChannelAccount, maxCostUnits: bigint): ChannelAccount {
  if (account.withdrawing) {
    throw new LichenError("payment-rejected", "the payer has asked for the deposit back", {
      retryable: true,
    });
  }
  const worstUnits = worstCase(account, maxCostUnits);
  if (worstUnits > account.depositUnits) {
    throw new LichenError("deposit-exhausted", "the channel's deposit does not cover this request", {
      details: `needs ${worstUnits} units, holds ${account.depositUnits}`,
      remedy: "top the channel up",
      retryable: true,
    });
  }
  if (!hasCredit(account, worstUnits)) {
    throw new LichenError("no-credit", "the window is full until the last one is paid", {
      details: `${account.unpaidLeaves} unpaid, ${account.inFlight} in flight, credit ${account.creditRequests}`,
      retryable: true,
    });
  }
  return { ...account, inFlight: account.inFlight + 1, reservedUnits: account.reservedUnits + maxCostUnits };
}

/** Total of the channel if everything in flight, and one more request, cost the most they may. */
export function worstCase(account: ChannelAccount, maxCostUnits: bigint): bigint {
  return account.consumedUnits + account.unpaidUnits + account.reservedUnits + maxCostUnits;
}

function hasCredit(account: ChannelAccount, worstUnits: bigint): boolean {
  const owed = account.unpaidLeaves + account.inFlight;
  return account.creditRequests === 0
    ? owed === 0 && worstUnits <= account.promisedUnits
    : owed < account.creditRequests;
}

/** What the payer must promise before the next request, where the channel has no credit; else undefined. */
export function prepayment(account: ChannelAccount, maxCostUnits: bigint): bigint | undefined {
  const worstUnits = worstCase(account, maxCostUnits);
  const owed = account.unpaidLeaves + account.inFlight;
  if (account.creditRequests > 0 || owed > 0 || worstUnits <= account.promisedUnits) return undefined;
  return worstUnits;
}

/** The payer promised more without a window. */
export function promised(account: ChannelAccount, promisedUnits: bigint): ChannelAccount {
  if (promisedUnits <= account.promisedUnits) {
    throw new LichenError("voucher-stale", "a voucher must promise more than the one before", {
      details: `${promisedUnits} after ${account.promisedUnits}`,
    });
  }
  if (promisedUnits > account.depositUnits) {
    throw new LichenError("payment-rejected", "the voucher promises more than the deposit", {
      details: `${promisedUnits} of ${account.depositUnits}`,
    });
  }
  return { ...account, promisedUnits };
}
