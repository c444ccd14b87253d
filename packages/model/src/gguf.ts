import type { GgmlType } from "./ggml-types.ts";

/** GGUF's value types by their numbers in the file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
export const ggufTypeIds = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;

/** Types that fit a JavaScript number. */
export type GgufNumberType =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "float32"
  | "float64";

/** A metadata value together with the type it has in the file, so that writing it again gives the same bytes. */
export type GgufValue =
  | { type: GgufNumberType; value: number }
  | { type: "uint64" | "int64"; value: bigint }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "array"; items: GgufNumberType; value: number[] }
  | { type: "array"; items: "uint64" | "int64"; value: bigint[] }
  | { type: "array"; items: "bool"; value: boolean[] }
  | { type: "array"; items: "string"; value: string[] };

/** Metadata by key, in the file's order. */
export type GgufMetadata = Map<string, GgufValue>;

/** Where a tensor lies in a GGUF file. */
export type GgufTensorInfo = {
  type: GgmlType;
  /** Row-major, outermost first: the reverse of the order in the file. */
  shape: number[];
  /** From the start of the file. */
  offset: number;
  sizeBytes: number;
};

/** A GGUF file without its tensors' data. */
export type Gguf = { version: number; metadata: GgufMetadata; tensors: Map<string, GgufTensorInfo> };

/** What a reader accepts at most. Real files stay far below each. */
export const ggufLimits = {
  /** All that comes before the tensors' data. */
  headerBytes: 268_435_456,
  metadataEntries: 65_536,
  tensors: 131_072,
  keyBytes: 65_535,
  /** llama.cpp's own bound. */
  tensorNameBytes: 63,
  /** Items of all arrays of a file together. */
  arrayItems: 8_388_608,
  dimensions: 4,
  alignmentBytes: 1_048_576,
} as const;

/** Alignment of tensors when `general.alignment` does not say otherwise. */
export const GGUF_DEFAULT_ALIGNMENT = 32;

/** Text under a key, or undefined when there is none or it is not text. */
export function ggufText(metadata: GgufMetadata, key: string): string | undefined {
  const entry = metadata.get(key);
  return entry?.type === "string" ? entry.value : undefined;
}

/** A number under a key (64-bit integers too, when exact), or undefined. */
export function ggufNumber(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key)?.value;
  if (typeof value === "number") return value;
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
}
