import type { Hex } from "@lichen/kernel";
import type { ChannelAccount } from "@lichen/money";
import type { ChannelKey, SignedVoucher } from "@lichen/wire";

/** A channel through which this gateway pays a provider. The account changes only through `@lichen/money`. */
export type PayerChannel = {
  readonly id: Hex;
  readonly key: ChannelKey;
  account: ChannelAccount;
  /** The newest voucher signed. */
  voucher: SignedVoucher | undefined;
  /** What the chain has paid out. */
  claimedUnits: bigint;
  /** Leaves taken and not paid yet: hash to cost. */
  readonly unpaid: Map<Hex, bigint>;
  /** The peer that has taken the channel up in this session. */
  peerId: string | undefined;
  /** Both ends disagree about its past, or it is being closed: pays nothing new. */
  retired: boolean;
};
