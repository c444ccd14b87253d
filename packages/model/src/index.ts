export * from "./files.ts";
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
