import { toHex, type Hex } from "@lichen/kernel";
import { structHasher, typedDigest, type LedgerDomain } from "./typed-data.ts";

/**
 * A closed set of leaves of one channel, signed by the provider. Windows are numbered from 1 and
 * chained: each names the receipts root before it.
 */
export type Window = {
  channelId: Hex;
  number: number;
  /** Root of the tree over the window's leaves. */
  leavesRoot: Hex;
  leafCount: number;
  /** What all leaves of the channel cost so far, this window's included. */
  consumedUnits: bigint;
  /** `receiptsRoot` of the window before; 32 zero bytes before the first. */
  previousRoot: Hex;
};

/** The root before a channel's first window. */
export const noReceipts: Hex = `0x${"00".repeat(32)}`;

const hashWindow = structHasher(
  "Window(bytes32 channelId,uint64 number,bytes32 leavesRoot,uint32 leafCount,uint96 consumed,bytes32 previousRoot)",
);

/**
 * The root of all receipts up to and with this window: the window's EIP-712 struct hash. A voucher
 * names it, so the payer's signature too binds every leaf ever paid in the channel.
 */
export function receiptsRoot(w: Window): Hex {
  return toHex(hashWindow(w.channelId, w.number, w.leavesRoot, w.leafCount, w.consumedUnits, w.previousRoot));
}

/** The digest that the provider signs. */
export function windowDigest(domain: LedgerDomain, w: Window): Uint8Array {
  return typedDigest(
    domain,
    hashWindow(w.channelId, w.number, w.leavesRoot, w.leafCount, w.consumedUnits, w.previousRoot),
  );
}
