import { jit, numpy as np, tree } from "@jax-js/jax";
import { LichenError } from "@lichen/kernel";
import type { LlamaConfig } from "./config.ts";
import { lossSum } from "./loss.ts";
import type { LlamaParameters } from "./parameters.ts";

/** How a text is cut for scoring. */
export type MeanLossOptions = {
  /** Window length in tokens; default the model's context. */
  length?: number;
  /** Windows scored at once; default as many as hold 2,048 tokens. */
  batch?: number;
};

/** Tokens scored at once: more would leave the processor's cache. */
const BATCH_TOKENS = 2048;

/**
 * The model's mean cross-entropy over a text, in nats per token.
 *
 * The text is cut into windows that do not overlap; every token but the very first is predicted once, from what stands
 * before it in its window alone (so a window's first prediction sees one token). This is the strictest usual way:
 * sliding windows give lower figures. Keeps `parameters`.
 *
 * @throws LichenError `bad-argument` on a text of fewer than two tokens.
 */
export async function meanLoss(
  parameters: LlamaParameters,
  text: ArrayLike<number>,
  config: LlamaConfig,
  options: MeanLossOptions = {},
): Promise<number> {
  const { length = config.contextLength } = options;
  const { batch = Math.max(1, Math.floor(BATCH_TOKENS / length)) } = options;
  const count = text.length - 1;
  if (count < 1) throw new LichenError("bad-argument", "a text of fewer than two tokens has no loss");
  const compiled = jit((held: LlamaParameters, tokens: np.Array, targets: np.Array, weights: np.Array) =>
    lossSum(held, tokens, targets, weights, config),
  );
  const shape = [batch, length];
  let sum = 0;
  for (let start = 0; start < count; start += batch * length) {
    const filled = Math.min(batch * length, count - start);
    const tokens = new Int32Array(batch * length);
    const targets = new Int32Array(batch * length);
    for (let i = 0; i < filled; i++) {
      tokens[i] = text[start + i]!;
      targets[i] = text[start + i + 1]!;
    }
    const loss = compiled(
      tree.ref(parameters),
      np.array(tokens, { shape, dtype: np.int32 }),
      np.array(targets, { shape, dtype: np.int32 }),
      np.array(new Float32Array(batch * length).fill(1, 0, filled), { shape }),
    );
    sum += ((await loss.data()) as Float32Array)[0]!;
  }
  compiled.dispose();
  return sum / count;
}
