export { maxCreditRequests, openAccount, type ChannelAccount } from "./account.ts";
export { admit, prepayment, promised, worstCase } from "./admit.ts";
export { claimableUnits, claimWorth, feeInUnits, isClaimDue, type ClaimSituation } from "./claim.ts";
export { topUpUnits } from "./deposit.ts";
export { abandoned, forfeited, served } from "./serve.ts";
export {
  checkWindow,
  closeWindow,
  isWindowDue,
  paid,
  unpaid,
  voucherUnits,
  windowIdleMs,
  type PricedLeaf,
} from "./window.ts";
