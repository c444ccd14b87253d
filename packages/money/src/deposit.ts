import type { ChannelAccount } from "./account.ts";

/**
 * What the payer should add now: one more deposit as soon as less than half of one is left, so that
 * traffic does not wait for the chain; nothing while the channel is idle or withdrawing.
 * @param depositUnits the size of one deposit
 */
export function topUpUnits(account: ChannelAccount, depositUnits: bigint): bigint {
  if (account.withdrawing) return 0n;
  const left = account.depositUnits - account.consumedUnits - account.unpaidUnits - account.reservedUnits;
  return 2n * left < depositUnits ? depositUnits : 0n;
}
