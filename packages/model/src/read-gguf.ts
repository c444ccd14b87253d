import { LichenError } from "@lichen/kernel";
import type { ByteSource } from "./byte-source.ts";
import { ggmlTypeOf, tensorSizeBytes } from "./ggml-types.ts";
import {
  GGUF_DEFAULT_ALIGNMENT,
  ggufLimits,
  ggufNumber,
  type Gguf,
  type GgufMetadata,
  type GgufTensorInfo,
} from "./gguf.ts";
import { Cursor } from "./internal/cursor.ts";
import { readString, readValue } from "./internal/gguf-value.ts";

/** "GGUF" as a little-endian number. */
const MAGIC = 0x46554747;

/**
 * Reads everything of a GGUF file but its tensors' data, and checks it as strictly as llama.cpp does: known types,
 * whole blocks, tensors one after the other at aligned offsets, all inside the file. Counts in the file are believed
 * only as far as its bytes go, and never beyond `ggufLimits`: nothing is allocated on their word.
 *
 * Versions 2 and 3, little-endian. For the data of a tensor use `source.read(info.offset, info.sizeBytes)`.
 *
 * @throws LichenError `model-invalid` on anything else than a whole, well-formed file.
 *
 * @example
 * const { metadata, tensors } = await readGguf(memorySource(bytes));
 * ggufText(metadata, "general.architecture"); // "llama"
 */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  const cursor = new Cursor(source, 0, ggufLimits.headerBytes);
  const magic = await cursor.uint32();
  if (magic !== MAGIC)
    throw new LichenError("model-invalid", "not a GGUF file", { details: `starts with ${magic}` });
  const version = await cursor.uint32();
  if (version !== 2 && version !== 3)
    throw new LichenError("model-invalid", "a GGUF version that cannot be read", {
      details: `${version}; readable are 2 and 3, little-endian`,
    });
  const tensorCount = await cursor.count("the number of tensors", ggufLimits.tensors);
  const entryCount = await cursor.count("the number of metadata entries", ggufLimits.metadataEntries);

  const metadata: GgufMetadata = new Map();
  const budget = { items: ggufLimits.arrayItems };
  for (let i = 0; i < entryCount; i++) {
    const key = await readString(cursor, "a metadata key", ggufLimits.keyBytes);
    if (metadata.has(key))
      throw new LichenError("model-invalid", "a metadata key comes twice", { details: key });
    metadata.set(key, await readValue(cursor, key, budget));
  }
  return {
    version,
    metadata,
    tensors: await readTensors(cursor, tensorCount, alignmentOf(metadata), source),
  };
}

/** The alignment of tensors that a file's metadata asks for, in bytes. */
export function alignmentOf(metadata: GgufMetadata): number {
  if (!metadata.has("general.alignment")) return GGUF_DEFAULT_ALIGNMENT;
  const alignment = ggufNumber(metadata, "general.alignment") ?? 0;
  const isPower = Number.isInteger(Math.log2(alignment));
  if (!isPower || alignment < 1 || alignment > ggufLimits.alignmentBytes)
    throw new LichenError("model-invalid", "general.alignment is not a usable power of two", {
      details: String(alignment),
    });
  return alignment;
}

type Relative = { name: string; info: GgufTensorInfo };

async function readTensors(
  cursor: Cursor,
  count: number,
  alignment: number,
  source: ByteSource,
): Promise<Map<string, GgufTensorInfo>> {
  const relative: Relative[] = [];
  for (let i = 0; i < count; i++) relative.push(await readTensor(cursor));
  const start = alignUp(cursor.position, alignment);

  const tensors = new Map<string, GgufTensorInfo>();
  let expected = 0;
  for (const { name, info } of relative) {
    if (tensors.has(name)) throw new LichenError("model-invalid", "a tensor comes twice", { details: name });
    if (info.offset !== expected)
      throw new LichenError("model-invalid", `tensor ${name} is not where the one before it ends`, {
        details: `offset ${info.offset} instead of ${expected}`,
      });
    expected = alignUp(expected + info.sizeBytes, alignment);
    if (start + info.offset + info.sizeBytes > source.sizeBytes)
      throw new LichenError("model-invalid", `tensor ${name} reaches beyond the end of the file`, {
        details: `${start + info.offset + info.sizeBytes} of ${source.sizeBytes} bytes`,
        remedy: "Fetch the file again: it was cut.",
      });
    tensors.set(name, { ...info, offset: start + info.offset });
  }
  return tensors;
}

async function readTensor(cursor: Cursor): Promise<Relative> {
  const name = await readString(cursor, "a tensor's name", ggufLimits.tensorNameBytes);
  const dimensions = await cursor.uint32();
  if (dimensions < 1 || dimensions > ggufLimits.dimensions)
    throw new LichenError("model-invalid", `tensor ${name} has too many dimensions or none`, {
      details: String(dimensions),
    });
  const shape: number[] = [];
  for (let i = 0; i < dimensions; i++)
    shape.unshift(await cursor.count(`a dimension of ${name}`, Number.MAX_SAFE_INTEGER));
  const id = await cursor.uint32();
  const type = ggmlTypeOf(id);
  if (type === undefined)
    throw new LichenError("model-invalid", `tensor ${name} has a type this version cannot read`, {
      details: String(id),
    });
  const offset = await cursor.count(`the offset of ${name}`, Number.MAX_SAFE_INTEGER);
  return { name, info: { type, shape, offset, sizeBytes: tensorSizeBytes(type, shape) } };
}

/** The next multiple of `alignment`. */
export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
