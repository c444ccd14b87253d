import { nn, type numpy as np } from "@jax-js/jax";
import type { LlamaConfig } from "./config.ts";
import { forward } from "./forward.ts";
import type { LlamaParameters } from "./parameters.ts";

/**
 * Cross-entropy of the targets in nats, summed over all positions with their weights: a scalar.
 *
 * `tokens` and `targets` are int32, `weights` float32, all `[batch, length]`. Consumes every argument, as jax-js
 * functions do.
 */
export function lossSum(
  parameters: LlamaParameters,
  tokens: np.Array,
  targets: np.Array,
  weights: np.Array,
  config: LlamaConfig,
): np.Array {
  const logits = forward(parameters, tokens, config);
  const hot = nn.oneHot(targets, config.vocabularySize);
  const chosen = logits.ref.mul(hot).sum(-1);
  return nn.logsumexp(logits, -1).sub(chosen).mul(weights).sum();
}
