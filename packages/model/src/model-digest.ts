import { LichenError } from "@lichen/kernel";
import type { ByteSource } from "./byte-source.ts";
import { readExactly } from "./byte-source.ts";
import { ggmlTypes } from "./ggml-types.ts";
import type { Gguf, GgufMetadata, GgufTensorInfo } from "./gguf.ts";
import { concat, encodeString, encodeValue, uint32, uint64 } from "./internal/gguf-value.ts";
import { readGguf } from "./read-gguf.ts";

/** SHA-256 that takes its input in parts: node:crypto's `Hash`, `sha256.create()` of @noble/hashes. */
export type Hasher = { update: (bytes: Uint8Array) => unknown; digest: () => Uint8Array };

/** The three digests of a model, 32 bytes each. */
export type ModelDigest = {
  /** What the network calls the model by. */
  modelId: Uint8Array;
  /** Commits to the weights alone: the same for two files that differ in metadata only. */
  tensorsRoot: Uint8Array;
  /** Commits to what turns weights into answers: hyper-parameters, quantisation, tokenizer, chat template. */
  configuration: Uint8Array;
};

/** How to hash. */
export type ModelDigestOptions = {
  signal?: AbortSignal;
  /** Called as the tensors' bytes are read. */
  onProgress?: (doneBytes: number, totalBytes: number) => void;
};

/** Bytes of tensor data in memory at once. */
const CHUNK_BYTES = 4 << 20;

/** Keys under `general.` that have a say in the answers; the others (name, author, licence) do not change the id. */
const speakingGeneralKeys = ["general.architecture", "general.file_type", "general.quantization_version"];
const speakingGeneralPrefix = "general.sampling.";

/**
 * The identity of a model in a GGUF file: of any size, read in bounded chunks.
 *
 * With H = SHA-256, `str` = length in 8 bytes and UTF-8, integers little-endian, names and keys ordered by their UTF-8
 * bytes:
 *
 * - digest of a tensor = H("lichen.tensor.v1\0", str(name), u32 ggml type, u32 number of dimensions, u64 each dimension
 *   innermost first, u64 size in bytes, the bytes);
 * - tensorsRoot = root of the Merkle tree of RFC 9162 (section 2.1.1) whose entries are those digests, by name: leaf
 *   H(0x00, digest), node H(0x01, left, right), split at the largest power of two below the number of leaves; H() of
 *   nothing without tensors;
 * - configuration = H("lichen.configuration.v1\0", u64 number of entries, for each entry by key: str(key), u32 type and
 *   value as in GGUF version 3). Entries are all of the file's metadata except `general.*`, of which only
 *   architecture, file_type, quantization_version and sampling.* count;
 * - modelId = H("lichen.model.v1\0", tensorsRoot, configuration).
 *
 * Neither the order of tensors and keys in the file nor its alignment or GGUF version matter. `src/vectors` has examples.
 *
 * @param sha256 makes a fresh SHA-256.
 * @throws LichenError `model-invalid` on a file that `readGguf` refuses or one part of a split model; the signal's reason.
 *
 * @example
 * const { modelId } = await modelDigest(source, () => createHash("sha256"));
 */
export async function modelDigest(
  source: ByteSource,
  sha256: () => Hasher,
  options: ModelDigestOptions = {},
): Promise<ModelDigest> {
  const file = await readGguf(source);
  if (file.metadata.has("split.count") && file.metadata.get("split.count")?.value !== 1)
    throw new LichenError("model-invalid", "the file is one part of a split model", {
      remedy: "Merge the parts first (llama-gguf-split --merge).",
    });
  const hash = (...parts: Uint8Array[]): Uint8Array => {
    const hasher = sha256();
    for (const part of parts) hasher.update(part);
    return new Uint8Array(hasher.digest());
  };
  const tensorsRoot = await hashTensors(source, file, sha256, hash, options);
  const configuration = hash(label("configuration"), ...encodeConfiguration(file.metadata));
  return { modelId: hash(label("model"), tensorsRoot, configuration), tensorsRoot, configuration };
}

type Hash = (...parts: Uint8Array[]) => Uint8Array;

function label(what: string): Uint8Array {
  return new TextEncoder().encode(`lichen.${what}.v1\0`);
}

function byUtf8([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  for (let i = 0; i < left.length && i < right.length; i++)
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  return left.length - right.length;
}

function encodeConfiguration(metadata: GgufMetadata): Uint8Array[] {
  const speaks = (key: string): boolean =>
    !key.startsWith("general.") || speakingGeneralKeys.includes(key) || key.startsWith(speakingGeneralPrefix);
  const entries = [...metadata].filter(([key]) => speaks(key)).sort(byUtf8);
  return [
    uint64(entries.length),
    ...entries.map(([key, value]) => concat([encodeString(key), encodeValue(value)])),
  ];
}

async function hashTensors(
  source: ByteSource,
  file: Gguf,
  sha256: () => Hasher,
  hash: Hash,
  { signal, onProgress }: ModelDigestOptions,
): Promise<Uint8Array> {
  const tensors = [...file.tensors].sort(byUtf8);
  const totalBytes = tensors.reduce((sum, [, info]) => sum + info.sizeBytes, 0);
  let doneBytes = 0;
  const leaves: Uint8Array[] = [];
  for (const [name, info] of tensors) {
    const hasher = sha256();
    for (const part of describe(name, info)) hasher.update(part);
    for (let at = 0; at < info.sizeBytes; at += CHUNK_BYTES) {
      signal?.throwIfAborted();
      const length = Math.min(CHUNK_BYTES, info.sizeBytes - at);
      hasher.update(await readExactly(source, info.offset + at, length));
      doneBytes += length;
      onProgress?.(doneBytes, totalBytes);
    }
    leaves.push(hash(Uint8Array.of(0), new Uint8Array(hasher.digest())));
  }
  return merkleRoot(leaves, hash);
}

function describe(name: string, { type, shape, sizeBytes }: GgufTensorInfo): Uint8Array[] {
  const dimensions = shape.toReversed().map(uint64);
  const head = [label("tensor"), encodeString(name), uint32(ggmlTypes[type].id), uint32(shape.length)];
  return [...head, ...dimensions, uint64(sizeBytes)];
}

/** RFC 9162, section 2.1.1, over hashed leaves. */
function merkleRoot(leaves: readonly Uint8Array[], hash: Hash): Uint8Array {
  if (leaves.length === 0) return hash();
  if (leaves.length === 1) return leaves[0]!;
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return hash(
    Uint8Array.of(1),
    merkleRoot(leaves.slice(0, split), hash),
    merkleRoot(leaves.slice(split), hash),
  );
}
