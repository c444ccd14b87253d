import { fromHex, LichenError, limits, toHex, type Hex } from "@lichen/kernel";
import { merkleRoot, merkleTree, receiptsRoot, type SignedWindow, type Window } from "@lichen/wire";
import { maxCreditRequests, type ChannelAccount } from "./account.ts";

/** A leaf as the money sees it. */
export type PricedLeaf = { hash: Hex; costUnits: bigint };

const rootOf = (leaves: readonly PricedLeaf[]): Hex =>
  toHex(merkleRoot(merkleTree(leaves.map((leaf) => fromHex(leaf.hash, 32)))));
const costOf = (leaves: readonly PricedLeaf[]): bigint =>
  leaves.reduce((sum, leaf) => sum + leaf.costUnits, 0n);

/**
 * Payee: the window to sign over these leaves.
 * @param number above every number ever used in the channel, also by windows that were turned down,
 *   so that no two signed windows share one
 */
export function closeWindow(
  account: ChannelAccount,
  channelId: Hex,
  number: number,
  leaves: readonly PricedLeaf[],
): Window {
  return {
    channelId,
    number,
    leavesRoot: rootOf(leaves),
    leafCount: leaves.length,
    consumedUnits: account.consumedUnits + costOf(leaves),
    previousRoot: account.receiptsRoot,
  };
}

/**
 * Payer: does the window say exactly what these leaves, all known and unpaid, amount to?
 * @throws {LichenError} `payment-rejected`, naming what differs
 */
export function checkWindow(
  account: ChannelAccount,
  window: SignedWindow,
  leaves: readonly PricedLeaf[],
): void {
  const expected = closeWindow(account, window.channelId, window.number, leaves);
  const differs = (["leavesRoot", "leafCount", "consumedUnits", "previousRoot"] as const).find(
    (member) => expected[member] !== window[member],
  );
  const stale = window.number <= account.windowNumber;
  if (!stale && differs === undefined) return;
  throw new LichenError("payment-rejected", `window ${window.number} is not what was served`, {
    details: stale
      ? `window ${account.windowNumber} is paid already`
      : `${differs}: theirs ${window[differs as keyof Window]}, ours ${expected[differs as keyof Window]}`,
  });
}

/** What the payer signs for a window: never less than it promised before. */
export function voucherUnits(account: ChannelAccount, window: Window): bigint {
  return window.consumedUnits > account.promisedUnits ? window.consumedUnits : account.promisedUnits;
}

/**
 * A window was paid with a voucher over `promisedUnits`. Credit doubles whenever as many leaves were
 * paid as it allows, so it never exceeds twice what was paid for in all.
 * @throws {LichenError} `voucher-stale` where the voucher is worth less than the window or the promise before
 */
export function paid(account: ChannelAccount, window: Window, promisedUnits: bigint): ChannelAccount {
  if (promisedUnits < voucherUnits(account, window)) {
    throw new LichenError("voucher-stale", "the voucher is worth less than what is owed", {
      details: `${promisedUnits} units for ${window.consumedUnits}`,
    });
  }
  return {
    ...account,
    ...grownCredit(account, window.leafCount),
    promisedUnits,
    windowNumber: window.number,
    receiptsRoot: receiptsRoot(window),
    consumedUnits: window.consumedUnits,
    unpaidLeaves: account.unpaidLeaves - window.leafCount,
    unpaidUnits: account.unpaidUnits - (window.consumedUnits - account.consumedUnits),
  };
}

/**
 * Payer: the voucher for a window could not be stored, so nobody has it and the window was never paid.
 * @param before the account as it was before `paid`
 */
export function unpaid(account: ChannelAccount, window: Window, before: ChannelAccount): ChannelAccount {
  const { promisedUnits, windowNumber, receiptsRoot: root, consumedUnits } = before;
  const { creditRequests, paidSinceGrowth } = before;
  return {
    ...account,
    promisedUnits,
    windowNumber,
    receiptsRoot: root,
    consumedUnits,
    creditRequests,
    paidSinceGrowth,
    unpaidLeaves: account.unpaidLeaves + window.leafCount,
    unpaidUnits: account.unpaidUnits + (window.consumedUnits - consumedUnits),
  };
}

function grownCredit(
  account: ChannelAccount,
  leaves: number,
): Pick<ChannelAccount, "creditRequests" | "paidSinceGrowth"> {
  const paidSinceGrowth = account.paidSinceGrowth + leaves;
  if (account.creditRequests === 0) return { creditRequests: 2, paidSinceGrowth: 0 };
  if (paidSinceGrowth < account.creditRequests)
    return { creditRequests: account.creditRequests, paidSinceGrowth };
  return { creditRequests: Math.min(2 * account.creditRequests, maxCreditRequests), paidSinceGrowth: 0 };
}

/** How long a served request may wait for its window, ms. */
export const windowIdleMs = 1_000;

/**
 * Payee: is it time to close? At half the credit, so that traffic goes on while the window is being
 * paid; at once where nothing else may be served meanwhile; in any case after `windowIdleMs`.
 * @param openLeaves leaves in no window yet
 * @param oldestAtMs when the oldest of them was served
 */
export function isWindowDue(
  account: ChannelAccount,
  openLeaves: number,
  oldestAtMs: number,
  nowMs: number,
): boolean {
  if (openLeaves === 0) return false;
  const enough = Math.max(1, Math.floor(account.creditRequests / 2));
  return openLeaves >= Math.min(enough, limits.windowLeaves) || nowMs - oldestAtMs >= windowIdleMs;
}
