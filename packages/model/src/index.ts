export { memorySource, readExactly, type ByteSource } from "./byte-source.ts";
export { seededNormal, seededUniform } from "./internal/random.ts";
export { checkLlamaConfig, MAX_LLAMA_DIMENSION, type LlamaConfig } from "./llama/config.ts";
export { cosineRate, type CosineSchedule } from "./llama/cosine-rate.ts";
export { forward } from "./llama/forward.ts";
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
export { readSafetensors, type Safetensors } from "./read-safetensors.ts";
export {
  MAX_SAFETENSORS_HEADER_BYTES,
  safetensorsSizes,
  type SafetensorsInfo,
  type SafetensorsType,
} from "./safetensors.ts";
export { writeSafetensors, type SafetensorsTensor } from "./write-safetensors.ts";
