import type { LlamaConfig } from "../llama/config.ts";
import type { LlamaWeights } from "../llama/parameters.ts";

/**
 * For tests: the logits of a llama for one sequence, computed in double precision with nothing but loops, straight from
 * the papers. Shares no code with `forward`.
 */
export function naiveLogits(
  weights: LlamaWeights,
  tokens: readonly number[],
  config: LlamaConfig,
): number[][] {
  const { embeddingLength: width, headCount, headCountKv, blockCount } = config;
  const headWidth = width / headCount;
  const times = (name: string, row: readonly number[], rowCount: number): number[] => {
    const matrix = weights[`${name}.weight`]!;
    return Array.from({ length: rowCount }, (_, out) =>
      row.reduce((sum, value, i) => sum + value * matrix[out * row.length + i]!, 0),
    );
  };
  const norm = (name: string, row: readonly number[]): number[] => {
    const meanSquare = row.reduce((sum, value) => sum + value * value, 0) / row.length;
    return row.map(
      (value, i) => (value / Math.sqrt(meanSquare + config.rmsEpsilon)) * weights[`${name}.weight`]![i]!,
    );
  };
  const turn = (row: readonly number[], position: number): number[] => {
    const turned = [...row];
    for (let i = 0; i < row.length; i += 2) {
      const angle = position * config.ropeFreqBase ** (-(i % headWidth) / headWidth);
      turned[i] = row[i]! * Math.cos(angle) - row[i + 1]! * Math.sin(angle);
      turned[i + 1] = row[i]! * Math.sin(angle) + row[i + 1]! * Math.cos(angle);
    }
    return turned;
  };

  const table = weights["token_embd.weight"]!;
  let stream = tokens.map((token) => [...table.subarray(token * width, (token + 1) * width)]);
  for (let block = 0; block < blockCount; block++) {
    const name = (part: string): string => `blk.${block}.${part}`;
    const kvWidth = headWidth * headCountKv;
    const normed = stream.map((row) => norm(name("attn_norm"), row));
    const queries = normed.map((row, at) => turn(times(name("attn_q"), row, width), at));
    const keys = normed.map((row, at) => turn(times(name("attn_k"), row, kvWidth), at));
    const values = normed.map((row) => times(name("attn_v"), row, kvWidth));
    stream = stream.map((row, at) => {
      const heard: number[] = [];
      for (let head = 0; head < headCount; head++) {
        const q = head * headWidth;
        const kv = Math.floor(head / (headCount / headCountKv)) * headWidth;
        const scores = keys.slice(0, at + 1).map((key) => {
          let product = 0;
          for (let i = 0; i < headWidth; i++) product += queries[at]![q + i]! * key[kv + i]!;
          return Math.exp(product / Math.sqrt(headWidth));
        });
        const total = scores.reduce((a, b) => a + b);
        for (let i = 0; i < headWidth; i++)
          heard.push(scores.reduce((sum, score, from) => sum + (score / total) * values[from]![kv + i]!, 0));
      }
      const out = times(name("attn_output"), heard, width);
      return row.map((value, i) => value + out[i]!);
    });
    stream = stream.map((row) => {
      const inner = norm(name("ffn_norm"), row);
      const gate = times(name("ffn_gate"), inner, config.feedForwardLength);
      const up = times(name("ffn_up"), inner, config.feedForwardLength);
      const hidden = gate.map((value, i) => (value / (1 + Math.exp(-value))) * up[i]!);
      const down = times(name("ffn_down"), hidden, width);
      return row.map((value, i) => value + down[i]!);
    });
  }
  const head = config.tiedEmbeddings ? "token_embd" : "output";
  return stream.map((row) => times(head, norm("output_norm", row), config.vocabularySize));
}

/** For tests: the cross-entropy in nats, summed over the sequence, in double precision. */
export function naiveLoss(
  weights: LlamaWeights,
  tokens: readonly number[],
  targets: readonly number[],
  config: LlamaConfig,
): number {
  return naiveLogits(weights, tokens, config).reduce((sum, row, at) => {
    const largest = Math.max(...row);
    const total = row.reduce((all, value) => all + Math.exp(value - largest), 0);
    return sum + largest + Math.log(total) - row[targets[at]!]!;
  }, 0);
}
