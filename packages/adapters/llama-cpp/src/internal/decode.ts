import type { Sampling } from "@lichen/wire";
import type { LlamaContext, SequenceEvaluateOptions, Token } from "node-llama-cpp";
import type { Answer } from "./answer.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Prompt tokens between two looks at the signal. */
const PROMPT_CHUNK_TOKENS = 256;
/** Means "any seed" to llama.cpp. */
const RANDOM_SEED = 0xffff_ffff;

/** One request, ready to run. */
export type Job = { prompt: readonly Token[]; sampling: Sampling; maxTokens: number; answer: Answer };

/**
 * Runs a job in a sequence of its own, side by side with the context's others; leaves when `signal`
 * aborts, within a token or a piece of the prompt.
 */
export async function decode(
  context: LlamaContext,
  vocabulary: Vocabulary,
  { prompt, sampling, maxTokens, answer }: Job,
  signal: AbortSignal,
): Promise<void> {
  const sequence = context.getSequence();
  try {
    const last = Math.floor((prompt.length - 1) / PROMPT_CHUNK_TOKENS) * PROMPT_CHUNK_TOKENS;
    for (let at = 0; at < last; at += PROMPT_CHUNK_TOKENS) {
      await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(at, at + PROMPT_CHUNK_TOKENS));
      if (signal.aborted) return;
    }
    let left = maxTokens;
    for await (const token of sequence.evaluate(prompt.slice(last), sampler(sampling))) {
      if (signal.aborted || answer.add(token, vocabulary.bytes(token))) return;
      if (--left === 0) return answer.end("length");
    }
    answer.end("stop");
  } finally {
    // Forgets all of it: the next request of this slot starts from nothing.
    await sequence.dispose();
  }
}

/** In llama.cpp's order: the smallest set of likeliest tokens that reaches `topP`, temperature, one draw. */
function sampler({ temperature, topP, seed }: Sampling): SequenceEvaluateOptions {
  return { temperature, topP, topK: 0, minP: 0, seed: seed === RANDOM_SEED ? 0 : seed };
}
