import { z } from "zod";
import { fromHex, limits, type Hex } from "@lichen/kernel";
import { promptDigest, requestDigest } from "./leaf.ts";
import { priceSchema, type Price } from "./price.ts";
import { digestSchema, leafSchema, textSchema, unitsSchema } from "./scalars.ts";
import { signedVoucherSchema } from "./settle.ts";
import type { SignedVoucher } from "./voucher.ts";

/** One turn of a conversation. */
export type ChatMessage = { role: "system" | "user" | "assistant"; content: string };

/** How the next token is drawn. */
export type Sampling = {
  maxTokens: number;
  /** 0 takes the likeliest token. */
  temperature: number;
  topP: number;
  seed: number;
  stop: string[];
};

/** A gateway's request to a provider (method `infer`). */
export type InferRequest = {
  /** Names the request between the two; 16 to 64 characters. */
  id: string;
  channelId: Hex;
  /** The payer's nonce: salts both digests of the leaf. */
  salt: Hex;
  model: Hex;
  messages: ChatMessage[];
  sampling: Sampling;
  price: Price;
  /** The most that the answer may cost. */
  maxCostUnits: bigint;
  /** Pays in advance, where the channel has no credit yet. */
  prepaid?: SignedVoucher | undefined;
};

/** Schema of chat messages, shared with the HTTP side. */
export const chatMessageSchema: z.ZodType<ChatMessage> = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: textSchema(limits.promptChars),
});

const fitsPrompt = (messages: readonly ChatMessage[]): boolean =>
  messages.reduce((sum, message) => sum + message.content.length, 0) <= limits.promptChars;

/** Schema of `InferRequest`. */
export const inferRequestSchema: z.ZodType<InferRequest, unknown> = z.object({
  id: z.string().regex(/^[\w-]{16,64}$/),
  channelId: digestSchema,
  salt: digestSchema,
  model: digestSchema,
  messages: z
    .array(chatMessageSchema)
    .min(1)
    .max(limits.chatMessages)
    .refine(fitsPrompt, `more than ${limits.promptChars} characters in all messages together`),
  sampling: z.strictObject({
    maxTokens: z
      .int()
      .positive()
      .max(1 << 20),
    temperature: z.number().min(0).max(2),
    topP: z.number().gt(0).max(1),
    seed: z.int().nonnegative().max(0xffff_ffff),
    stop: z
      .array(textSchema(limits.stopChars).refine((text) => text !== "", "expected a character"))
      .max(limits.stopSequences),
  }),
  price: priceSchema,
  maxCostUnits: unitsSchema,
  prepaid: signedVoucherSchema.optional(),
});

/** Digest of a request's texts and sampling: the part that a receipt carries without showing them. */
export function promptDigestOf(request: Pick<InferRequest, "salt" | "messages" | "sampling">): Hex {
  const { messages, sampling } = request;
  return promptDigest(fromHex(request.salt, 32), { messages, sampling });
}

/** What a leaf's `requestDigest` covers: everything that decides the answer, nothing about payment. */
export function digestOfRequest(
  request: Pick<InferRequest, "salt" | "model" | "messages" | "sampling">,
): Hex {
  return requestDigest(fromHex(request.salt, 32), request.model, promptDigestOf(request));
}

/** What comes back: pieces of text as they are made, then the leaf. */
export type InferEvent = { type: "tokens"; text: string; tokens: number[] } | { type: "leaf"; leaf: Hex };

/** Schema of `InferEvent`. */
export const inferEventSchema: z.ZodType<InferEvent, unknown> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("tokens"),
    text: textSchema(limits.frameBytes),
    tokens: z.array(z.int().nonnegative().max(0xffff_ffff)),
  }),
  z.object({ type: z.literal("leaf"), leaf: leafSchema }),
]);
