import type { Hex } from "@lichen/kernel";
import { openAccount, type ChannelAccount } from "@lichen/money";
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
  /** Given up in this session for something that its provider did. */
  spoiled: boolean;
  /** A window is being checked and paid; another one waits. */
  settling: boolean;
  /** Since when the provider has left its leaves unbilled, and after which window. */
  unbilled: { windowNumber: number; sinceMs: number } | undefined;
  /** The chain says that it is closed: no money is left in it, and none moves. */
  over: boolean;
};

/** A channel that nothing was promised in yet. */
export function newChannel(id: Hex, key: ChannelKey): PayerChannel {
  return {
    id,
    key,
    account: openAccount(0n),
    voucher: undefined,
    claimedUnits: 0n,
    unpaid: new Map(),
    peerId: undefined,
    retired: false,
    spoiled: false,
    settling: false,
    unbilled: undefined,
    over: false,
  };
}
