import { z } from "zod";
import { limits, type Hex } from "@lichen/kernel";
import type { ChannelKey } from "./channel.ts";
import { addressSchema, digestSchema, signatureSchema, unitsSchema } from "./scalars.ts";
import type { SignedVoucher } from "./voucher.ts";
import type { Window } from "./window.ts";

/** Schema of a voucher with its signature. */
export const signedVoucherSchema: z.ZodType<SignedVoucher, unknown> = z.strictObject({
  channelId: digestSchema,
  amountUnits: unitsSchema,
  receiptsRoot: digestSchema,
  signature: signatureSchema,
});

const windowSchema = z.strictObject({
  channelId: digestSchema,
  number: z.int().positive(),
  leavesRoot: digestSchema,
  leafCount: z.int().positive().max(limits.windowLeaves),
  consumedUnits: unitsSchema,
  previousRoot: digestSchema,
});

/** Schema of a channel's key. */
export const channelKeySchema: z.ZodType<ChannelKey> = z.strictObject({
  payer: addressSchema,
  payee: addressSchema,
  salt: digestSchema,
});

/** A window with the provider's signature. */
export type SignedWindow = Window & { signature: Hex };

/** Schema of `SignedWindow`. */
export const signedWindowSchema: z.ZodType<SignedWindow, unknown> = windowSchema.extend({
  signature: signatureSchema,
});

/** Provider to gateway (method `settle`): here is a closed window, sign for it. */
export type SettleRequest = { window: SignedWindow; leaves: Hex[] };

/** Schema of `SettleRequest`. `leaves` are the leaves' hashes, in any order. */
export const settleRequestSchema: z.ZodType<SettleRequest, unknown> = z.object({
  window: signedWindowSchema,
  leaves: z.array(digestSchema).min(1).max(limits.windowLeaves),
});

/** Gateway's answer: the voucher, or the leaves that it never saw and will not pay. */
export type SettleResponse = { voucher: SignedVoucher } | { unknown: Hex[] };

/** Schema of `SettleResponse`. */
export const settleResponseSchema: z.ZodType<SettleResponse, unknown> = z.union([
  z.object({ voucher: signedVoucherSchema }),
  z.object({ unknown: z.array(digestSchema).min(1).max(limits.windowLeaves) }),
]);

/**
 * Gateway to provider (method `channel`): announces a channel, or takes an old one up again after
 * either side restarted. The provider answers with where it stands.
 */
export type ChannelRequest = { key: ChannelKey };

/** Schema of `ChannelRequest`. */
export const channelRequestSchema: z.ZodType<ChannelRequest, unknown> = z.object({ key: channelKeySchema });

/** Where the provider stands in a channel. */
export type ChannelResponse = {
  /** Number of the last window that was paid; 0 before the first. */
  windowNumber: number;
  receiptsRoot: Hex;
  /** What the voucher it holds is worth. */
  voucherUnits: bigint;
  /** Requests it serves unpaid. */
  creditRequests: number;
};

/** Schema of `ChannelResponse`. */
export const channelResponseSchema: z.ZodType<ChannelResponse, unknown> = z.object({
  windowNumber: z.int().nonnegative(),
  receiptsRoot: digestSchema,
  voucherUnits: unitsSchema,
  creditRequests: z.int().nonnegative(),
});
