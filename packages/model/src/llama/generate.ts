import { jit, numpy as np, tree, type OwnedFunction } from "@jax-js/jax";
import { LichenError } from "@lichen/kernel";
import type { LlamaConfig } from "./config.ts";
import { forward } from "./forward.ts";
import type { LlamaParameters } from "./parameters.ts";

/** When to stop generating. */
export type GenerateOptions = {
  /** Tokens to generate at most. */
  count: number;
  /** Generation ends before this token. */
  endToken?: number;
  signal?: AbortSignal;
};

/** The shortest window that is compiled, in tokens; it doubles as the text grows. */
const SHORTEST_WINDOW = 32;

/**
 * Continues a text with the likeliest token at each position (the lowest-numbered of equals) and yields token by token.
 * Keeps `parameters`. Runs the whole text through the model for each token: a yardstick for faster engines, not one.
 *
 * @throws LichenError `bad-argument` on an empty prompt, `context-overflow` when prompt and answer exceed the context.
 *
 * @example
 * for await (const token of generateGreedy(parameters, [72, 105], config, { count: 100 })) show(token);
 */
export async function* generateGreedy(
  parameters: LlamaParameters,
  prompt: readonly number[],
  config: LlamaConfig,
  { count, endToken, signal }: GenerateOptions,
): AsyncGenerator<number, void, undefined> {
  if (prompt.length === 0) throw new LichenError("bad-argument", "there is no text to continue");
  if (prompt.length + count > config.contextLength)
    throw new LichenError("context-overflow", "prompt and answer do not fit the context", {
      details: `${prompt.length} + ${count} of ${config.contextLength} tokens`,
    });
  const text = [...prompt];
  let window = 0;
  let compiled: OwnedLogits | undefined;
  try {
    for (let done = 0; done < count; done++) {
      signal?.throwIfAborted();
      while (window < text.length) {
        window = Math.min(Math.max(2 * window, SHORTEST_WINDOW), config.contextLength);
        compiled?.dispose();
        compiled = jit((held: LlamaParameters, tokens: np.Array) => forward(held, tokens, config));
      }
      const token = await likeliest(compiled!, parameters, text, window, config.vocabularySize);
      if (token === endToken) return;
      text.push(token);
      yield token;
    }
  } finally {
    compiled?.dispose();
  }
}

type OwnedLogits = OwnedFunction<(parameters: LlamaParameters, tokens: np.Array) => np.Array>;

async function likeliest(
  compiled: OwnedLogits,
  parameters: LlamaParameters,
  text: readonly number[],
  window: number,
  vocabularySize: number,
): Promise<number> {
  const padded = new Int32Array(window);
  padded.set(text);
  const tokens = np.array(padded, { shape: [1, window], dtype: np.int32 });
  const logits = (await compiled(tree.ref(parameters), tokens).data()) as Float32Array;
  const row = logits.subarray((text.length - 1) * vocabularySize, text.length * vocabularySize);
  return row.reduce((best, value, token) => (value > row[best]! ? token : best), 0);
}
