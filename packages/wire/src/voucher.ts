import type { Hex } from "@lichen/kernel";
import { structHasher, typedDigest, type LedgerDomain } from "./typed-data.ts";

/**
 * The payer's promise: `amountUnits` in all since the channel was opened, for the receipts under
 * `receiptsRoot`. Cumulative, so only the newest is worth keeping.
 */
export type Voucher = { channelId: Hex; amountUnits: bigint; receiptsRoot: Hex };

/** A voucher with the payer's signature, as the contract takes it. */
export type SignedVoucher = Voucher & { signature: Hex };

const hashVoucher = structHasher("Voucher(bytes32 channelId,uint96 amount,bytes32 receiptsRoot)");

/** The digest that the payer signs; `Channels.voucherDigest` returns the same. */
export function voucherDigest(domain: LedgerDomain, voucher: Voucher): Uint8Array {
  return typedDigest(domain, hashVoucher(voucher.channelId, voucher.amountUnits, voucher.receiptsRoot));
}
