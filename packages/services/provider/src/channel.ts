import type { Hex } from "@lichen/kernel";
import { openAccount, type ChannelAccount, type PricedLeaf } from "@lichen/money";
import type { ChannelKey, SignedVoucher, SignedWindow } from "@lichen/wire";

/** A leaf that no paid window holds yet. */
export type UnpaidLeaf = PricedLeaf & { bytes: Hex; servedAtMs: number };

/** A window that was signed and awaits its voucher. Sent again, the very same, until it is answered. */
export type PendingWindow = { window: SignedWindow; leaves: readonly UnpaidLeaf[] };

/** A channel in which this provider is paid. The account changes only through `@lichen/money`. */
export type PayeeChannel = {
  readonly id: Hex;
  readonly key: ChannelKey;
  account: ChannelAccount;
  /** The newest voucher: what can be claimed. */
  voucher: SignedVoucher | undefined;
  /** What the chain has paid out. */
  claimedUnits: bigint;
  /** Highest window number ever signed; each is used once. */
  lastNumber: number;
  /** Served, in no window yet; oldest first. */
  leaves: UnpaidLeaf[];
  pending: PendingWindow | undefined;
  /** Where the payer is connected now, if it is. */
  peerId: string | undefined;
  /** When the chain was last asked because the deposit seemed short. */
  refreshedAtMs: number;
  /** The payer asked to close: claim what there is, then give the rest back. */
  closing: boolean;
  /** The chain says that it is closed: nothing can be earned in it any more. */
  over: boolean;
};

/** A channel that somebody announced and that the chain has not been asked about yet. */
export function newChannel(id: Hex, key: ChannelKey): PayeeChannel {
  return {
    id,
    key,
    account: openAccount(0n),
    voucher: undefined,
    claimedUnits: 0n,
    lastNumber: 0,
    leaves: [],
    pending: undefined,
    peerId: undefined,
    refreshedAtMs: 0,
    closing: false,
    over: false,
  };
}
