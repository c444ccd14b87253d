/** What a payee knows when it considers a claim. Amounts in units of the payment token. */
export type ClaimSituation = {
  /** What its vouchers would pay out now, over all channels of the batch. */
  claimableUnits: bigint;
  /** What the transaction would cost, converted to the token. */
  feeUnits: bigint;
  /** A channel is closing or its payer withdraws: waiting would lose money. */
  urgent: boolean;
};

/** A claim must bring this many times its fee, unless it is urgent. */
export const claimWorth = 10n;

/**
 * Whether to claim now: when it brings `claimWorth` times its fee; urgently, when it brings more than
 * the fee at all. A claim that would lose money is never sent.
 */
export function isClaimDue({ claimableUnits, feeUnits, urgent }: ClaimSituation): boolean {
  if (claimableUnits <= feeUnits || claimableUnits === 0n) return false;
  return urgent || claimableUnits >= claimWorth * feeUnits;
}

/** What a voucher would still pay out of a channel. */
export function claimableUnits(voucherUnits: bigint, depositUnits: bigint, claimedUnits: bigint): bigint {
  const payable = voucherUnits < depositUnits ? voucherUnits : depositUnits;
  return payable > claimedUnits ? payable - claimedUnits : 0n;
}

const weiPerEther = 10n ** 18n;

/** A fee in wei as units of the payment token, rounded up. */
export function feeInUnits(feeWei: bigint, unitsPerEther: bigint): bigint {
  return (feeWei * unitsPerEther + weiPerEther - 1n) / weiPerEther;
}
