import { fromHex, LichenError, toHex, type Hex } from "@lichen/kernel";
import {
  costUnits,
  decodeLeaf,
  leafHash,
  outputDigest,
  promptDigestOf,
  requestDigest,
  type InferRequest,
  type Leaf,
} from "@lichen/wire";

/** A leaf that says exactly what we asked, received and agreed to pay. */
export type CheckedLeaf = {
  leaf: Leaf;
  bytes: Hex;
  hash: Hex;
  /** `promptDigestOf` the request. */
  prompt: Hex;
};

/**
 * Checks a leaf against the request and what arrived.
 * @throws {LichenError} `payment-rejected`, naming what differs
 */
export function checkLeaf(
  bytes: Hex,
  request: InferRequest,
  received: { tokens: readonly number[]; text: string; cancelled: boolean },
  promptTokensBound: number,
): CheckedLeaf {
  const encoded = fromHex(bytes);
  const leaf = decodeLeaf(encoded);
  const salt = fromHex(request.salt, 32);
  const { tokens, text } = received;
  const prompt = promptDigestOf(request);
  must(leaf.requestDigest === requestDigest(salt, request.model, prompt), "it answers another request");
  must(leaf.outputDigest === outputDigest(salt, tokens, text), "it is about another answer");
  must(leaf.completionTokens === tokens.length, "it counts other tokens than arrived");
  must(leaf.completionTokens <= request.sampling.maxTokens, "it counts more tokens than were allowed");
  must(leaf.promptTokens <= promptTokensBound, "it counts more prompt tokens than the prompt has bytes");
  must(
    leaf.costUnits === costUnits(request.price, leaf.promptTokens, leaf.completionTokens),
    "its cost is not price times tokens",
  );
  must(leaf.costUnits <= request.maxCostUnits, "it costs more than was agreed");
  must(leaf.finishReason !== "failed", "it says that the answer failed");
  must(leaf.finishReason !== "cancelled" || received.cancelled, "it was cancelled by nobody");
  return { leaf, bytes, hash: toHex(leafHash(encoded)), prompt };
}

function must(condition: boolean, message: string): void {
  if (!condition)
    throw new LichenError("payment-rejected", `the leaf is wrong: ${message}`, { retryable: true });
}
