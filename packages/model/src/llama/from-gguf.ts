import { LichenError } from "@lichen/kernel";
import { readExactly, type ByteSource } from "../byte-source.ts";
import { dequantize } from "../dequantize.ts";
import { ggufNumber, ggufText, type Gguf } from "../gguf.ts";
import { checkLlamaConfig, type LlamaConfig } from "./config.ts";
import type { LlamaWeights } from "./parameters.ts";
import { llamaShapes } from "./shapes.ts";

/** llama.cpp's value where a file does not say. */
const DEFAULT_ROPE_FREQ_BASE = 10_000;

/** The most blocks whose tensors are looked for: deeper than any llama. */
const MAX_BLOCKS = 1024;

/**
 * The configuration of a llama in a GGUF file.
 *
 * @throws LichenError `model-invalid` when it is another architecture, or one that `forward` would compute wrongly:
 * scaled rotary positions, a head width of its own, biases.
 */
export function llamaConfigOf({ metadata, tensors }: Gguf): LlamaConfig {
  const architecture = ggufText(metadata, "general.architecture");
  if (architecture !== "llama")
    throw new LichenError("model-invalid", "not a llama", { details: String(architecture) });
  const number = (key: string, fallback?: number): number => {
    const value = ggufNumber(metadata, `llama.${key}`) ?? fallback;
    if (value === undefined) throw new LichenError("model-invalid", `the file lacks llama.${key}`);
    return value;
  };
  const headCount = number("attention.head_count");
  const config = checkLlamaConfig({
    vocabularySize: number("vocab_size", tensors.get("token_embd.weight")?.shape[0]),
    contextLength: number("context_length"),
    embeddingLength: number("embedding_length"),
    blockCount: number("block_count"),
    feedForwardLength: number("feed_forward_length"),
    headCount,
    headCountKv: number("attention.head_count_kv", headCount),
    ropeFreqBase: number("rope.freq_base", DEFAULT_ROPE_FREQ_BASE),
    rmsEpsilon: number("attention.layer_norm_rms_epsilon"),
    tiedEmbeddings: !tensors.has("output.weight"),
  });
  if (config.blockCount > MAX_BLOCKS)
    throw new LichenError("model-invalid", "too many blocks", {
      details: `${config.blockCount} of ${MAX_BLOCKS}`,
    });
  const headWidth = config.embeddingLength / headCount;
  const scaling = ggufText(metadata, "llama.rope.scaling.type") ?? "none";
  for (const width of ["rope.dimension_count", "attention.key_length", "attention.value_length"])
    if (number(width, headWidth) !== headWidth)
      throw new LichenError("model-invalid", `llama.${width} is not the head's width`, {
        details: String(headWidth),
      });
  if (scaling !== "none")
    throw new LichenError("model-invalid", "scaled rotary positions are not supported", { details: scaling });
  return config;
}

/**
 * Loads a llama's weights as float32. Meant for models that fit memory several times.
 *
 * @throws LichenError `model-invalid` when a tensor is missing, unknown to the architecture, of another shape than the
 * configuration says, or of a type that `dequantize` does not know.
 */
export async function loadLlama(
  source: ByteSource,
  file: Gguf,
): Promise<{ config: LlamaConfig; weights: LlamaWeights }> {
  const config = llamaConfigOf(file);
  const shapes = llamaShapes(config);
  for (const name of file.tensors.keys())
    if (!Object.hasOwn(shapes, name))
      throw new LichenError("model-invalid", "a tensor that a plain llama does not have", { details: name });
  const weights: LlamaWeights = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const info = file.tensors.get(name);
    if (info?.shape.join() !== shape.join())
      throw new LichenError("model-invalid", `tensor ${name} does not have the configuration's shape`, {
        details: `[${info?.shape.join(", ") ?? "missing"}] instead of [${shape.join(", ")}]`,
      });
    weights[name] = dequantize(await readExactly(source, info.offset, info.sizeBytes), info.type);
  }
  return { config, weights };
}
