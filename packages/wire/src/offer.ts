import { z } from "zod";
import { fromHex, LichenError, type Hex } from "@lichen/kernel";
import { jsonDigest } from "./hash.ts";
import { priceSchema, type Price } from "./price.ts";
import { addressSchema, asciiSchema, digestSchema, signatureSchema } from "./scalars.ts";
import { assertSigned } from "./signature.ts";

/** A model as a provider serves it. `id` is the model hash: tensors and configuration. */
export type OfferedModel = { id: Hex; name: string; contextTokens: number };

/** A provider's signed word that it answers for this model at this price until it expires. */
export type Offer = {
  chainId: number;
  provider: Hex;
  peerId: string;
  model: OfferedModel;
  /** The engine and its version, such as `llama.cpp/3.22.1`. */
  engine: string;
  /** Requests it answers at the same time. */
  slots: number;
  price: Price;
  /** Of two offers, the one with the higher number holds. */
  sequence: number;
  expiresAtMs: number;
  signature: Hex;
};

/** Schema of an offer from a stranger. */
export const offerSchema: z.ZodType<Offer, unknown> = z.strictObject({
  chainId: z.int().positive(),
  provider: addressSchema,
  peerId: asciiSchema(128),
  model: z.strictObject({
    id: digestSchema,
    name: z.string().regex(/^[\w][\w.:/-]{0,127}$/, "expected a model name"),
    contextTokens: z.int().positive(),
  }),
  engine: asciiSchema(64),
  slots: z.int().positive().max(65_536),
  price: priceSchema,
  sequence: z.int().nonnegative(),
  expiresAtMs: z.int().positive(),
  signature: signatureSchema,
});

/** The topic on which offers for a model are published; gateways listen, providers speak. */
export function offerTopic(modelId: Hex): string {
  return `lichen/1/offers/${modelId}`;
}

/** The digest that the provider's ledger account signs. */
export function offerDigest(offer: Omit<Offer, "signature">): Uint8Array {
  const { inputUnitsPerMTok, outputUnitsPerMTok } = offer.price;
  const price = { inputUnitsPerMTok: `${inputUnitsPerMTok}`, outputUnitsPerMTok: `${outputUnitsPerMTok}` };
  const { chainId, provider, peerId, model, engine, slots, sequence, expiresAtMs } = offer;
  return fromHex(
    jsonDigest("lichen/offer/1", {
      chainId,
      provider,
      peerId,
      model,
      engine,
      slots,
      price,
      sequence,
      expiresAtMs,
    }),
  );
}

/**
 * Checks an offer's signature, chain and life.
 * @throws {LichenError} `bad-signature`, `chain-mismatch`, `bad-message` where it has expired
 */
export function verifyOffer(offer: Offer, chainId: number, nowMs: number): void {
  if (offer.chainId !== chainId) {
    throw new LichenError("chain-mismatch", `an offer for chain ${offer.chainId}, ours is ${chainId}`);
  }
  if (offer.expiresAtMs <= nowMs) throw new LichenError("bad-message", "the offer has expired");
  assertSigned(offerDigest(offer), offer.signature, offer.provider, "the offer");
}
