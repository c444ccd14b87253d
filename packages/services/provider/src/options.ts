import type { Price } from "@lichen/wire";

/** What an owner of a machine sets. Times in ms, amounts in the token's smallest unit. */
export type ProviderOptions = {
  price: Price;
  /** Locked in the registry when there is less. */
  stakeUnits: bigint;
  /** What one ether of gas money is worth in the payment token. */
  unitsPerEther: bigint;
  /** How often an offer is repeated; it expires after three times as long. */
  offerEveryMs: number;
  /** How often claims and windows are looked at. */
  claimEveryMs: number;
  /** Vouchers in one claiming transaction. */
  claimBatch: number;
  /** How long a gateway may take to sign for a window. */
  settleMs: number;
  /** Paid windows kept a channel, for whoever asks for proof. */
  windowsKept: number;
  /** Channels known at the same time; beyond it those that are closed on the chain are forgotten. */
  maxChannels: number;
};

/** What holds unless an owner says otherwise. */
export const providerDefaults: ProviderOptions = {
  price: { inputUnitsPerMTok: 100_000n, outputUnitsPerMTok: 400_000n },
  stakeUnits: 100_000_000n,
  unitsPerEther: 3_000_000_000n,
  offerEveryMs: 10_000,
  claimEveryMs: 2_000,
  claimBatch: 50,
  settleMs: 10_000,
  windowsKept: 4_096,
  maxChannels: 4_096,
};
