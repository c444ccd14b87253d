// Model files without the architecture: whoever only reads them need not load jax-js.
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
