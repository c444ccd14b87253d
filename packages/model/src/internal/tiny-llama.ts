import type { LlamaConfig } from "../llama/config.ts";
import { initialWeights, type LlamaWeights } from "../llama/parameters.ts";
import { seededNormal } from "./random.ts";

/** For tests: as small as a llama can be with every part at work (several blocks, heads that share keys). */
export const tinyConfig: LlamaConfig = {
  vocabularySize: 12,
  contextLength: 64,
  embeddingLength: 16,
  blockCount: 2,
  feedForwardLength: 24,
  headCount: 4,
  headCountKv: 2,
  ropeFreqBase: 10_000,
  rmsEpsilon: 1e-5,
  tiedEmbeddings: false,
};

/** For tests: weights large enough that every part shows in the logits, and norms that are not all one. */
export function tinyWeights(config: LlamaConfig, seed: number): LlamaWeights {
  const normal = seededNormal(seed);
  const weights = initialWeights(config, seed);
  for (const values of Object.values(weights))
    for (let i = 0; i < values.length; i++)
      values[i] = values[i]! * 15 + 0.2 * normal() - (values[i] === 1 ? 14 : 0);
  return weights;
}
