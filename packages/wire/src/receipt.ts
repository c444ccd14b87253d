import { z } from "zod";
import { fromHex, LichenError, toHex, type Hex } from "@lichen/kernel";
import { channelId, type ChannelKey } from "./channel.ts";
import { decodeLeaf, leafHash, requestDigest, type Leaf } from "./leaf.ts";
import { rootOfPath } from "./merkle.ts";
import { addressSchema, asciiSchema, digestSchema, leafSchema, unitsSchema } from "./scalars.ts";
import { assertSigned } from "./signature.ts";
import { channelKeySchema, signedVoucherSchema, signedWindowSchema, type SignedWindow } from "./settle.ts";
import type { LedgerDomain } from "./typed-data.ts";
import { voucherDigest, type SignedVoucher } from "./voucher.ts";
import { receiptsRoot, windowDigest } from "./window.ts";

/** The transaction that paid for a receipt's window. */
export type Payment = { transaction: Hex; blockNumber: number; claimedUnits: bigint };

/**
 * Proof that a request was answered and paid for: the leaf, its path to the window that the provider
 * signed, and the voucher that the payer signed for it. Needs no network to check. `id`, `model.name`
 * and `payment` are labels: the first two are words of whoever wrote the receipt, the last is checked
 * against the chain.
 */
export type Receipt = {
  id: string;
  domain: LedgerDomain;
  key: ChannelKey;
  model: { id: Hex; name: string };
  /** Opens the leaf's digests to whoever also knows the texts. */
  salt: Hex;
  /** `promptDigestOf(request)`: with salt and model it gives the leaf's `requestDigest`. */
  prompt: Hex;
  leaf: Hex;
  path: Hex[];
  window: SignedWindow;
  voucher: SignedVoucher;
  /** Absent until the provider has claimed on chain. */
  payment?: Payment | undefined;
};

/** Schema of a receipt read from a file. */
export const receiptSchema: z.ZodType<Receipt, unknown> = z.object({
  id: asciiSchema(64),
  domain: z.strictObject({ chainId: z.int().positive(), channels: addressSchema }),
  key: channelKeySchema,
  model: z.strictObject({ id: digestSchema, name: asciiSchema(128) }),
  salt: digestSchema,
  prompt: digestSchema,
  leaf: leafSchema,
  path: z.array(digestSchema).max(32),
  window: signedWindowSchema,
  voucher: signedVoucherSchema,
  payment: z
    .object({ transaction: digestSchema, blockNumber: z.int().nonnegative(), claimedUnits: unitsSchema })
    .optional(),
});

/**
 * Checks a receipt offline: leaf in window and of this model, window signed by the payee, voucher signed by the payer
 * for this very history and for at least what was consumed. Says nothing about the chain.
 * @returns the leaf
 * @param receipt as `receiptSchema` gives it
 * @throws {LichenError} `receipt-invalid` or `bad-signature`, naming the first link that breaks;
 *   `bad-message`, `version-unsupported` where both sides signed a leaf that this build cannot read
 */
export function verifyReceipt(receipt: Receipt): Leaf {
  const { domain, key, window, voucher } = receipt;
  const id = channelId(key);
  const encoded = fromHex(receipt.leaf);
  must(window.channelId === id, "the window belongs to another channel");
  must(voucher.channelId === id, "the voucher belongs to another channel");
  const root = toHex(
    rootOfPath(
      leafHash(encoded),
      receipt.path.map((node) => fromHex(node, 32)),
    ),
  );
  must(root === window.leavesRoot, "the leaf is not in the window");
  const leaf = decodeLeaf(encoded);
  const asked = requestDigest(fromHex(receipt.salt, 32), receipt.model.id, receipt.prompt);
  must(leaf.requestDigest === asked, "the leaf answers another request or model");
  must(leaf.costUnits <= window.consumedUnits, "the leaf cost more than the channel consumed");
  assertSigned(windowDigest(domain, window), window.signature, key.payee, "the window");
  must(voucher.receiptsRoot === receiptsRoot(window), "the voucher pays for another history");
  must(voucher.amountUnits >= window.consumedUnits, "the voucher is worth less than was consumed");
  assertSigned(voucherDigest(domain, voucher), voucher.signature, key.payer, "the voucher");
  return leaf;
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new LichenError("receipt-invalid", message);
}
