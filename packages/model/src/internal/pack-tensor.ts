import { tensorSizeBytes } from "../ggml-types.ts";
import { quantize, type QuantizedType } from "../quantize.ts";
import type { GgufTensor } from "../write-gguf.ts";

/** Packs numbers into a tensor whose rows hold whole blocks; `model-invalid` where they cannot. */
export function packTensor(values: Float32Array, shape: number[], type: QuantizedType): GgufTensor {
  tensorSizeBytes(type, shape);
  return { type, shape, data: quantize(values, type) };
}
