import { LichenError } from "@lichen/kernel";
import { ggmlTypes, tensorSizeBytes, type GgmlType } from "./ggml-types.ts";
import { ggufLimits, type GgufMetadata } from "./gguf.ts";
import { concat, encodeString, encodeValue, uint32, uint64 } from "./internal/gguf-value.ts";
import { alignmentOf, alignUp } from "./read-gguf.ts";

/** A tensor to be written: its bytes as ggml has them, its shape row-major. */
export type GgufTensor = { type: GgmlType; shape: number[]; data: Uint8Array };

/**
 * Writes a GGUF file, version 3, little-endian: metadata and tensors in the order given, data aligned to
 * `general.alignment` (32 if absent).
 *
 * @throws LichenError `bad-argument` when a tensor's data does not have the size its type and shape say, or its name is
 * too long; `model-invalid` when rows do not hold whole blocks.
 *
 * @example
 * const metadata: GgufMetadata = new Map([["general.architecture", { type: "string", value: "llama" }]]);
 * const bytes = writeGguf({ metadata, tensors: new Map([["w", { type: "F32", shape: [1], data: new Uint8Array(4) }]]) });
 */
export function writeGguf(file: { metadata: GgufMetadata; tensors: Map<string, GgufTensor> }): Uint8Array {
  const { metadata, tensors } = file;
  const alignment = alignmentOf(metadata);
  const head = [new TextEncoder().encode("GGUF"), uint32(3), uint64(tensors.size), uint64(metadata.size)];
  for (const [key, value] of metadata) head.push(encodeString(key), encodeValue(value));

  let end = 0;
  const offsets: number[] = [];
  for (const [name, { type, shape, data }] of tensors) {
    const sizeBytes = tensorSizeBytes(type, shape);
    const encodedName = encodeString(name);
    const fits = shape.length >= 1 && shape.length <= ggufLimits.dimensions;
    if (!fits || data.length !== sizeBytes || encodedName.length - 8 > ggufLimits.tensorNameBytes)
      throw new LichenError("bad-argument", `tensor ${name} cannot be written`, {
        details: `${data.length} bytes where ${type} [${shape.join(", ")}] has ${sizeBytes}`,
      });
    offsets.push(end);
    const dimensions = shape.toReversed().map(uint64);
    head.push(encodedName, uint32(shape.length), ...dimensions, uint32(ggmlTypes[type].id), uint64(end));
    end = alignUp(end + sizeBytes, alignment);
  }

  const header = concat(head);
  const start = alignUp(header.length, alignment);
  const bytes = new Uint8Array(start + end);
  bytes.set(header);
  let index = 0;
  for (const { data } of tensors.values()) bytes.set(data, start + offsets[index++]!);
  return bytes;
}
