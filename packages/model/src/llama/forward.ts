import { lax, nn, numpy as np } from "@jax-js/jax";
import type { LlamaConfig } from "./config.ts";
import type { LlamaParameters } from "./parameters.ts";

/** Added to the scores of positions that may not be seen. */
const MASKED = -1e9;

/**
 * The logits of a llama for every position of every sequence, `[batch, length, vocabulary]` in float32.
 *
 * Follows llama.cpp's `llama` graph: rotary pairs are neighbours (2i, 2i + 1), query head h reads key head
 * floor(h / group). Consumes `parameters` and `tokens` (int32, `[batch, length]`), as jax-js functions do; pass
 * `tree.ref(parameters)` to keep them. May be traced by `jit` and `grad`.
 *
 * @example
 * const logits = forward(tree.ref(parameters), np.array([[72, 105]], { dtype: np.int32 }), config);
 */
export function forward(parameters: LlamaParameters, tokens: np.Array, config: LlamaConfig): np.Array {
  const [batch, length] = tokens.shape as [number, number];
  const weight = (name: string): np.Array => parameters[`${name}.weight`]!;
  const rotation = rotary(length, config);
  const mask = causal(length);

  const tied = config.tiedEmbeddings;
  const table = tied ? weight("token_embd").ref : weight("token_embd");
  // Not a product with one-hot rows: in the gradient, jax-js 0.1.25 fuses all of the norm's backward pass into that
  // product's inner loop, which doubles a step's time.
  let stream = np.take(table, tokens.reshape([tokens.size]), 0);
  for (let block = 0; block < config.blockCount; block++) {
    const part = (name: string): np.Array => weight(`blk.${block}.${name}`);
    const seen = rmsNorm(stream.ref, part("attn_norm"), config);
    const query = project(seen.ref, part("attn_q"));
    const key = project(seen.ref, part("attn_k"));
    const value = project(seen, part("attn_v"));
    const heard = attend(query, key, value, rotation, mask, { batch, length }, config);
    stream = stream.add(project(heard, part("attn_output")));
    const normed = rmsNorm(stream.ref, part("ffn_norm"), config);
    const gate = nn.silu(project(normed.ref, part("ffn_gate")));
    stream = stream.add(project(gate.mul(project(normed, part("ffn_up"))), part("ffn_down")));
  }
  rotation.cos.dispose();
  rotation.sin.dispose();
  mask.dispose();
  const last = rmsNorm(stream, weight("output_norm"), config);
  return project(last, weight(tied ? "token_embd" : "output")).reshape([
    batch,
    length,
    config.vocabularySize,
  ]);
}

/** The stream is kept as `[batch * length, width]`: every projection is one plain matrix product. */
function project(rows: np.Array, matrix: np.Array): np.Array {
  return np.matmul(rows, matrix.transpose());
}

function rmsNorm(rows: np.Array, gain: np.Array, config: LlamaConfig): np.Array {
  const meanSquare = np.square(rows.ref).mean(-1, { keepdims: true });
  return rows.div(np.sqrt(meanSquare.add(config.rmsEpsilon))).mul(gain);
}

type Rotation = { cos: np.Array; sin: np.Array };

/** Cosine, and sine signed for "x * cos + swapped(x) * sin", both `[length, headWidth / 2, 2]` (arXiv:2104.09864). */
function rotary(length: number, config: LlamaConfig): Rotation {
  const pairs = config.embeddingLength / config.headCount / 2;
  const cos = new Float32Array(length * pairs * 2);
  const sin = new Float32Array(length * pairs * 2);
  for (let position = 0; position < length; position++)
    for (let pair = 0; pair < pairs; pair++) {
      const angle = position * config.ropeFreqBase ** (-pair / pairs);
      const at = (position * pairs + pair) * 2;
      cos[at] = cos[at + 1] = Math.cos(angle);
      sin[at] = -Math.sin(angle);
      sin[at + 1] = Math.sin(angle);
    }
  const shape = [length, pairs, 2];
  return { cos: np.array(cos, { shape }), sin: np.array(sin, { shape }) };
}

/** Zero where a position may look, `MASKED` where it would see the future; `[length, length]`. */
function causal(length: number): np.Array {
  const mask = new Float32Array(length * length);
  for (let from = 0; from < length; from++) mask.fill(MASKED, from * length + from + 1, (from + 1) * length);
  return np.array(mask, { shape: [length, length] });
}

/** Turns `[batch * length, heads * headWidth]` by its positions, into `[batch, heads, length, headWidth]`. */
function rotate(
  rows: np.Array,
  { cos, sin }: Rotation,
  batch: number,
  length: number,
  heads: number,
): np.Array {
  const pairs = cos.shape[1]!;
  const split = rows.reshape([batch, length, heads, pairs, 2]).transpose([0, 2, 1, 3, 4]);
  const swapped = np.flip(split.ref, -1);
  return split
    .mul(cos.ref)
    .add(swapped.mul(sin.ref))
    .reshape([batch, heads, length, pairs * 2]);
}

/** Causal attention with grouped queries: the queries that share a key head are stacked into one product. */
function attend(
  query: np.Array,
  key: np.Array,
  value: np.Array,
  rotation: Rotation,
  mask: np.Array,
  { batch, length }: { batch: number; length: number },
  config: LlamaConfig,
): np.Array {
  const { headCount, headCountKv } = config;
  const group = headCount / headCountKv;
  const headWidth = config.embeddingLength / headCount;
  const queries = rotate(query, rotation, batch, length, headCount).reshape([
    batch,
    headCountKv,
    group * length,
    headWidth,
  ]);
  const keys = rotate(key, rotation, batch, length, headCountKv);
  const values = value.reshape([batch, length, headCountKv, headWidth]).transpose([0, 2, 1, 3]);
  const scores = np
    .matmul(queries, keys.transpose([0, 1, 3, 2]))
    .mul(1 / Math.sqrt(headWidth))
    .reshape([batch, headCountKv, group, length, length])
    .add(mask.ref);
  const powers = np.exp(scores.ref.sub(lax.stopGradient(scores.max(-1, { keepdims: true }))));
  const totals = powers.ref.sum(-1, { keepdims: true });
  const heard = np.matmul(powers.reshape([batch, headCountKv, group * length, length]), values);
  // The softmax's division comes last: on fewer numbers, and after the heads are back in their rows, which keeps
  // jax-js 0.1.25 from reading them through two layers of views in the product that follows.
  const inRows = (array: np.Array, width: number): np.Array =>
    array.reshape([batch, headCount, length, width]).transpose([0, 2, 1, 3]);
  return inRows(heard, headWidth)
    .div(inRows(totals, 1))
    .reshape([batch * length, headCount * headWidth]);
}
