import { readExactly, type ByteSource } from "./byte-source.ts";
import { dequantize } from "./dequantize.ts";
import type { GgufMetadata } from "./gguf.ts";
import { ggufFileTypes } from "./llama/to-gguf.ts";
import { packTensor } from "./internal/pack-tensor.ts";
import type { QuantizedType } from "./quantize.ts";
import { readGguf } from "./read-gguf.ts";
import type { GgufTensor } from "./write-gguf.ts";

/**
 * The same model with its matrices in another tensor type; pass the result to `writeGguf`. Vectors keep theirs, and so
 * does all metadata but `general.file_type` and `general.quantization_version`. Holds the model in memory.
 *
 * @throws LichenError `model-invalid` when the file or one of its tensor types cannot be read, or when rows do not fill
 * blocks of `type`.
 */
export async function convertGguf(
  source: ByteSource,
  type: QuantizedType,
): Promise<{ metadata: GgufMetadata; tensors: Map<string, GgufTensor> }> {
  const file = await readGguf(source);
  const metadata: GgufMetadata = new Map(file.metadata);
  metadata.set("general.file_type", { type: "uint32", value: ggufFileTypes[type] });
  metadata.set("general.quantization_version", { type: "uint32", value: 2 });
  const tensors = new Map<string, GgufTensor>();
  for (const [name, info] of file.tensors) {
    const { shape } = info;
    const bytes = await readExactly(source, info.offset, info.sizeBytes);
    const keeps = shape.length < 2 || info.type === type;
    tensors.set(
      name,
      keeps
        ? { type: info.type, shape, data: bytes.slice() }
        : packTensor(dequantize(bytes, info.type), shape, type),
    );
  }
  return { metadata, tensors };
}
