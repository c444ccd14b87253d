import type { Hex } from "@lichen/kernel";
import type { ChannelKey, LedgerDomain, SignedVoucher } from "@lichen/wire";

/** The deployment that a ledger speaks to. */
export type Deployment = LedgerDomain & { token: Hex; nodes: Hex };

/** The payment token. */
export type Token = { symbol: string; decimals: number };

/** A node in the registry. */
export type NodeRecord = { account: Hex; endpoint: string; stakeUnits: bigint };

/** A channel on the chain. */
export type ChannelState = {
  depositUnits: bigint;
  claimedUnits: bigint;
  /** Seconds since 1970 from which the payer may take the rest back; undefined where nobody asked. */
  withdrawableAtS: number | undefined;
  /** Withdrawn or released: `depositUnits` is lowered to `claimedUnits`, and nothing is paid any more. */
  closed: boolean;
};

/** A transaction that was mined and did not revert. */
export type Mined = { transaction: Hex; blockNumber: number; feeWei: bigint };

/** Claims that one transaction takes: about 2 million gas, far from a block's bound. */
export const maxClaims = 100;

/** A voucher ready for the contract. */
export type Claim = { key: ChannelKey; voucher: SignedVoucher };

/**
 * What became of a claim: units paid by this transaction, or the name of the contract's error for which it
 * was passed over: `ChannelUnknown`, `ChannelAlreadyClosed`, `VoucherStale`, `DepositExhausted`, `SignatureInvalid`.
 */
export type ClaimOutcome = { channelId: Hex; paidUnits: bigint } | { channelId: Hex; skipped: string };

/** A payment out of a channel, as the chain recorded it. */
export type ClaimedEvent = {
  channelId: Hex;
  transaction: Hex;
  blockNumber: number;
  /** Total ever paid out of the channel, this payment included. */
  claimedUnits: bigint;
};

/**
 * The chain, as one account sees and uses it. Writing calls resolve when the transaction is mined;
 * each is sent at most once however often the process dies in between: a restart sends what it had
 * signed again, byte for byte.
 *
 * @throws {LichenError} any call: `chain-unavailable` (retryable), `chain-mismatch`; writing calls
 *   also `transaction-failed` with the contract's own reason in `details`, and `chain-unavailable`, not
 *   retryable, for a transaction that is signed and will be mined without further asking: look at the
 *   chain's state, which then includes it, before asking for the same again
 */
export interface Ledger {
  readonly account: Hex;
  readonly deployment: Deployment;
  readonly token: Token;
  /** Checks that the chain is ours and sends again what was lost. Before any other call. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Token units and gas money of an account. Default: our own. */
  balance(account?: Hex): Promise<{ tokenUnits: bigint; nativeWei: bigint }>;
  nodes(): Promise<NodeRecord[]>;
  node(account: Hex): Promise<NodeRecord | undefined>;
  /** Registers the endpoint, or replaces it. */
  register(endpoint: string): Promise<Mined>;
  stake(units: bigint): Promise<Mined>;
  /** Undefined where the channel was never opened. */
  channel(key: ChannelKey): Promise<ChannelState | undefined>;
  open(payee: Hex, salt: Hex, depositUnits: bigint): Promise<Mined>;
  topUp(key: ChannelKey, units: bigint): Promise<Mined>;
  /**
   * Claims many vouchers of ours in one transaction; one that cannot be paid does not hinder the rest.
   * Outcomes stand in the order of the claims. At least one claim, at most `maxClaims`.
   */
  claim(claims: readonly Claim[]): Promise<Mined & { outcomes: ClaimOutcome[] }>;
  /** What a claim of `count` vouchers would cost now, in wei. */
  claimFeeWei(count: number): Promise<bigint>;
  /** Payments out of a channel, oldest first. */
  claimed(channelId: Hex): Promise<ClaimedEvent[]>;
  requestWithdrawal(key: ChannelKey): Promise<Mined>;
  withdraw(key: ChannelKey): Promise<Mined>;
  /** Payee only: gives the unclaimed rest back to the payer at once. */
  release(key: ChannelKey): Promise<Mined>;
  /**
   * Seconds since 1970 by the chain's newest block. A local chain that mines on demand makes a block for
   * whoever asks when the last is old, so ask only while waiting for a time.
   */
  timeS(): Promise<number>;
}
