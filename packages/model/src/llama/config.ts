import { LichenError } from "@lichen/kernel";

/**
 * The hyper-parameters of a llama-architecture transformer (RMSNorm, rotary positions on interleaved pairs, grouped
 * queries, SwiGLU), as GGUF names them in `llama.*`.
 */
export type LlamaConfig = {
  vocabularySize: number;
  /** Tokens the model was trained to look back over. */
  contextLength: number;
  /** Width of the residual stream. */
  embeddingLength: number;
  blockCount: number;
  /** Width of the SwiGLU's hidden layer. */
  feedForwardLength: number;
  headCount: number;
  /** Key and value heads; each serves `headCount / headCountKv` query heads (arXiv:2305.13245). */
  headCountKv: number;
  ropeFreqBase: number;
  rmsEpsilon: number;
  /** Whether the output projection is the embedding table itself: then the file has no `output.weight`. */
  tiedEmbeddings: boolean;
};

/** Largest value any count of a configuration may have: far above real models, far below what overflows. */
export const MAX_LLAMA_DIMENSION: number = 1 << 24;

const counts = [
  "vocabularySize",
  "contextLength",
  "embeddingLength",
  "blockCount",
  "feedForwardLength",
  "headCount",
  "headCountKv",
] as const;

/**
 * Returns `config` if a llama can be built from it.
 *
 * @throws LichenError `model-invalid` naming the first hyper-parameter that does not fit.
 */
export function checkLlamaConfig(config: LlamaConfig): LlamaConfig {
  for (const name of counts) {
    const value = config[name];
    if (!Number.isInteger(value) || value < 1 || value > MAX_LLAMA_DIMENSION)
      throw new LichenError("model-invalid", `${name} is not a count between 1 and ${MAX_LLAMA_DIMENSION}`, {
        details: String(value),
      });
  }
  const { embeddingLength, headCount, headCountKv } = config;
  if (embeddingLength % headCount !== 0)
    throw new LichenError("model-invalid", "embeddingLength is not a multiple of headCount", {
      details: `${embeddingLength} / ${headCount}`,
    });
  if (headCount % headCountKv !== 0)
    throw new LichenError("model-invalid", "headCount is not a multiple of headCountKv", {
      details: `${headCount} / ${headCountKv}`,
    });
  if ((embeddingLength / headCount) % 2 !== 0)
    throw new LichenError("model-invalid", "rotary positions need heads of even width", {
      details: String(embeddingLength / headCount),
    });
  for (const name of ["ropeFreqBase", "rmsEpsilon"] as const)
    if (!(Number.isFinite(config[name]) && config[name] > 0))
      throw new LichenError("model-invalid", `${name} is not a positive number`, {
        details: String(config[name]),
      });
  return config;
}
