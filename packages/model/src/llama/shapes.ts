import type { LlamaConfig } from "./config.ts";

/**
 * The tensors of a llama by their GGUF names, with shapes in row-major order, `[out, in]` for a projection.
 * (GGUF files list dimensions innermost first: there the same tensor reads `[in, out]`.)
 *
 * @example
 * llamaShapes(config)["blk.0.attn_q.weight"]; // [128, 128]
 */
export function llamaShapes(config: LlamaConfig): Record<string, number[]> {
  const width = config.embeddingLength;
  const kvWidth = (width / config.headCount) * config.headCountKv;
  const hidden = config.feedForwardLength;
  const shapes: Record<string, number[]> = { "token_embd.weight": [config.vocabularySize, width] };
  for (let block = 0; block < config.blockCount; block++) {
    const name = (part: string): string => `blk.${block}.${part}.weight`;
    shapes[name("attn_norm")] = [width];
    shapes[name("attn_q")] = [width, width];
    shapes[name("attn_k")] = [kvWidth, width];
    shapes[name("attn_v")] = [kvWidth, width];
    shapes[name("attn_output")] = [width, width];
    shapes[name("ffn_norm")] = [width];
    shapes[name("ffn_gate")] = [hidden, width];
    shapes[name("ffn_up")] = [hidden, width];
    shapes[name("ffn_down")] = [width, hidden];
  }
  shapes["output_norm.weight"] = [width];
  if (!config.tiedEmbeddings) shapes["output.weight"] = [config.vocabularySize, width];
  return shapes;
}

/** How many numbers a llama of this configuration has to learn. */
export function countParameters(config: LlamaConfig): number {
  let count = 0;
  for (const shape of Object.values(llamaShapes(config))) count += shape.reduce((a, b) => a * b, 1);
  return count;
}
