import { z } from "zod";
import { fromHex, LichenError, toHex, type Hex } from "@lichen/kernel";
import { channelId, type ChannelKey } from "./channel.ts";
import { decodeLeaf, leafHash, type Leaf } from "./leaf.ts";
import { rootOfPath } from "./merkle.ts";
import { addressSchema, digestSchema, unitsSchema } from "./scalars.ts";
import { assertSigned } from "./signature.ts";
import { channelKeySchema, signedVoucherSchema, signedWindowSchema, type SignedWindow } from "./settle.ts";
import type { LedgerDomain } from "./typed-data.ts";
import { voucherDigest, type SignedVoucher } from "./voucher.ts";
import { receiptsRoot, windowDigest } from "./window.ts";

/** The transaction that paid for a receipt's window. */
export type Payment = { transaction: Hex; blockNumber: number; claimedUnits: bigint };

/**
 * Proof that a request was answered and paid for: the leaf, its path to the window that the provider
 * signed, and the voucher that the payer signed for it. Needs no network to check.
 */
export type Receipt = {
  id: string;
  domain: LedgerDomain;
  key: ChannelKey;
  model: { id: Hex; name: string };
  /** Opens the leaf's digests to whoever also knows the texts. */
  salt: Hex;
  leaf: Hex;
  path: Hex[];
  window: SignedWindow;
  voucher: SignedVoucher;
  /** Absent until the provider has claimed on chain. */
  payment?: Payment | undefined;
};

/** Schema of a receipt read from a file. */
export const receiptSchema: z.ZodType<Receipt, unknown> = z.object({
  id: z.string().min(1).max(64),
  domain: z.strictObject({ chainId: z.int().positive(), channels: addressSchema }),
  key: channelKeySchema,
  model: z.object({ id: digestSchema, name: z.string() }),
  salt: digestSchema,
  leaf: z.string().regex(/^0x[0-9a-f]+$/) as unknown as z.ZodType<Hex>,
  path: z.array(digestSchema).max(32),
  window: signedWindowSchema,
  voucher: signedVoucherSchema,
  payment: z
    .object({ transaction: digestSchema, blockNumber: z.int().nonnegative(), claimedUnits: unitsSchema })
    .optional(),
});

/**
 * Checks a receipt offline: leaf in window, window signed by the payee, voucher signed by the payer
 * for this very history and for at least what was consumed. Says nothing about the chain.
 * @returns the leaf
 * @throws {LichenError} `receipt-invalid` or `bad-signature`, naming the first link that breaks
 */
export function verifyReceipt(receipt: Receipt): Leaf {
  const { domain, key, window, voucher } = receipt;
  const id = channelId(key);
  const encoded = fromHex(receipt.leaf);
  const leaf = decodeLeaf(encoded);
  must(window.channelId === id, "the window belongs to another channel");
  must(voucher.channelId === id, "the voucher belongs to another channel");
  const root = toHex(rootOfPath(leafHash(encoded), receipt.path.map((node) => fromHex(node, 32))));
  must(root === window.leavesRoot, "the leaf is not in the window");
  assertSigned(windowDigest(domain, window), window.signature, key.payee, "the window");
  must(voucher.receiptsRoot === receiptsRoot(window), "the voucher pays for another history");
  must(voucher.amountUnits >= window.consumedUnits, "the voucher is worth less than was consumed");
  assertSigned(voucherDigest(domain, voucher), voucher.signature, key.payer, "the voucher");
  return leaf;
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new LichenError("receipt-invalid", message);
}
