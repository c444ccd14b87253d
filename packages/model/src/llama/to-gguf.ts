import { LichenError } from "@lichen/kernel";
import type { GgufMetadata } from "../gguf.ts";
import { packTensor } from "../internal/pack-tensor.ts";
import type { QuantizedType } from "../quantize.ts";
import type { Tokenizer } from "../byte-tokenizer.ts";
import type { GgufTensor } from "../write-gguf.ts";
import type { LlamaConfig } from "./config.ts";
import type { LlamaWeights } from "./parameters.ts";
import { llamaShapes } from "./shapes.ts";

/** What a file says about the model it holds. */
export type AboutModel = {
  name: string;
  description: string;
  /** SPDX identifier. */
  license: string;
  /** Jinja template that makes one text of a conversation. */
  chatTemplate: string;
};

/** llama.cpp's numbers for "all of these" and "mostly these" (`LLAMA_FTYPE_*`). */
export const ggufFileTypes: Record<QuantizedType, number> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 7 };

/** Of ggml's quantised formats. */
const QUANTIZATION_VERSION = 2;

/** The continuation of a text: what was said, joined by line breaks, and nothing about who said it. */
export const continuationTemplate: string =
  "{%- for message in messages -%}{{- message['content'] -}}{%- if not loop.last -%}{{- '\\n' -}}{%- endif -%}" +
  "{%- endfor -%}";

/**
 * A llama as a GGUF file that llama.cpp loads; pass the result to `writeGguf`. Matrices get `type`, norms stay float32,
 * as llama.cpp wants them.
 *
 * @throws LichenError `model-invalid` when a tensor's rows do not fill blocks of `type`, `bad-argument` when the tokenizer
 * has another vocabulary.
 */
export function llamaToGguf(
  weights: LlamaWeights,
  config: LlamaConfig,
  tokenizer: Tokenizer,
  about: AboutModel,
  type: QuantizedType,
): { metadata: GgufMetadata; tensors: Map<string, GgufTensor> } {
  if (tokenizer.vocabularySize !== config.vocabularySize)
    throw new LichenError("bad-argument", "tokenizer and model have different vocabularies", {
      details: `${tokenizer.vocabularySize} and ${config.vocabularySize} tokens`,
    });
  const tensors = new Map<string, GgufTensor>();
  for (const [name, shape] of Object.entries(llamaShapes(config))) {
    tensors.set(name, packTensor(weights[name]!, shape, shape.length > 1 ? type : "F32"));
  }
  const metadata: GgufMetadata = new Map([
    ["general.architecture", { type: "string", value: "llama" }],
    ["general.name", { type: "string", value: about.name }],
    ["general.description", { type: "string", value: about.description }],
    ["general.license", { type: "string", value: about.license }],
    ["general.quantization_version", { type: "uint32", value: QUANTIZATION_VERSION }],
    ["general.file_type", { type: "uint32", value: ggufFileTypes[type] }],
    ...configMetadata(config),
    ...tokenizer.metadata(),
    ["tokenizer.chat_template", { type: "string", value: about.chatTemplate }],
  ]);
  return { metadata, tensors };
}

function configMetadata(config: LlamaConfig): GgufMetadata {
  const headWidth = config.embeddingLength / config.headCount;
  return new Map([
    ["llama.vocab_size", { type: "uint32", value: config.vocabularySize }],
    ["llama.context_length", { type: "uint32", value: config.contextLength }],
    ["llama.embedding_length", { type: "uint32", value: config.embeddingLength }],
    ["llama.block_count", { type: "uint32", value: config.blockCount }],
    ["llama.feed_forward_length", { type: "uint32", value: config.feedForwardLength }],
    ["llama.rope.dimension_count", { type: "uint32", value: headWidth }],
    ["llama.rope.freq_base", { type: "float32", value: config.ropeFreqBase }],
    ["llama.attention.head_count", { type: "uint32", value: config.headCount }],
    ["llama.attention.head_count_kv", { type: "uint32", value: config.headCountKv }],
    ["llama.attention.layer_norm_rms_epsilon", { type: "float32", value: config.rmsEpsilon }],
  ]);
}
