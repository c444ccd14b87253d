import type { LlamaConfig } from "@lichen/model";

/** What a preset decides: the model's shape and how it is trained. */
export type Preset = {
  /** Goes into file names and `general.name`. */
  name: string;
  config: LlamaConfig;
  peakRate: number;
  warmupSteps: number;
  /** Tokens per step, whatever the window. */
  batchTokens: number;
  /**
   * Most steps look at short windows, which cost less; every `longEvery`th at the full context, all along: a model
   * that meets long distances only at the end does not learn them any more.
   */
  shortLength: number;
  longEvery: number;
};

// 256 bytes and <|endoftext|>, filled up to a multiple of four: jax-js's fast product needs that of a row. Every
// other row is a multiple of 32 long, as llama.cpp's quantised formats need.
const shared = {
  vocabularySize: 260,
  contextLength: 512,
  ropeFreqBase: 10_000,
  rmsEpsilon: 1e-5,
} as const;

const training = {
  peakRate: 3e-3,
  warmupSteps: 100,
  batchTokens: 1024,
  shortLength: 128,
  longEvery: 4,
} as const;

/** The presets of `--preset`. */
export const presets: Record<"small" | "base", Preset> = {
  small: {
    name: "lichen-shakespeare-300k",
    config: {
      ...shared,
      embeddingLength: 96,
      blockCount: 3,
      feedForwardLength: 224,
      headCount: 3,
      headCountKv: 1,
      tiedEmbeddings: true,
    },
    ...training,
  },
  base: {
    name: "lichen-shakespeare-750k",
    config: {
      ...shared,
      embeddingLength: 128,
      blockCount: 4,
      feedForwardLength: 320,
      headCount: 4,
      headCountKv: 2,
      tiedEmbeddings: false,
    },
    ...training,
  },
};
