export { byteCharacter, byteTokenizer, type Tokenizer } from "./byte-tokenizer.ts";
export { memorySource, readExactly, type ByteSource } from "./byte-source.ts";
export { convertGguf } from "./convert-gguf.ts";
export { dequantize } from "./dequantize.ts";
export { ggmlTypeOf, ggmlTypes, tensorSizeBytes, type GgmlLayout, type GgmlType } from "./ggml-types.ts";
export {
  GGUF_DEFAULT_ALIGNMENT,
  ggufLimits,
  ggufNumber,
  ggufText,
  ggufTypeIds,
  type Gguf,
  type GgufMetadata,
  type GgufNumberType,
  type GgufTensorInfo,
  type GgufValue,
} from "./gguf.ts";
export { seededNormal, seededUniform } from "./internal/random.ts";
export { checkLlamaConfig, MAX_LLAMA_DIMENSION, type LlamaConfig } from "./llama/config.ts";
export { cosineRate, type CosineSchedule } from "./llama/cosine-rate.ts";
export { forward } from "./llama/forward.ts";
export { llamaConfigOf, loadLlama } from "./llama/from-gguf.ts";
export { generateGreedy, type GenerateOptions } from "./llama/generate.ts";
export { lossSum } from "./llama/loss.ts";
export { meanLoss, type MeanLossOptions } from "./llama/mean-loss.ts";
export {
  initialWeights,
  initParameters,
  toParameters,
  toWeights,
  type LlamaParameters,
  type LlamaWeights,
} from "./llama/parameters.ts";
export { countParameters, llamaShapes } from "./llama/shapes.ts";
export { continuationTemplate, ggufFileTypes, llamaToGguf, type AboutModel } from "./llama/to-gguf.ts";
export {
  adamWDefaults,
  initialTrainState,
  trainStep,
  type AdamW,
  type TrainBatch,
  type TrainResult,
  type TrainState,
  type TrainStep,
} from "./llama/train-step.ts";
export { modelDigest, type Hasher, type ModelDigest, type ModelDigestOptions } from "./model-digest.ts";
export { quantize, type QuantizedType } from "./quantize.ts";
export { readGguf } from "./read-gguf.ts";
export { readSafetensors, type Safetensors } from "./read-safetensors.ts";
export {
  MAX_SAFETENSORS_HEADER_BYTES,
  safetensorsSizes,
  type SafetensorsInfo,
  type SafetensorsType,
} from "./safetensors.ts";
export { writeGguf, type GgufTensor } from "./write-gguf.ts";
export { writeSafetensors, type SafetensorsTensor } from "./write-safetensors.ts";
