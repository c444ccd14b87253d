/** Bytes per element of the types that safetensors files may hold and Lichen reads. */
export const safetensorsSizes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

/** An element type by its name in the file. */
export type SafetensorsType = keyof typeof safetensorsSizes;

/** Where a tensor lies in a safetensors file. */
export type SafetensorsInfo = {
  type: SafetensorsType;
  /** Row-major: the last dimension is contiguous. */
  shape: number[];
  /** From the start of the file. */
  offset: number;
  sizeBytes: number;
};

/** The longest header that is read or written, in bytes: the reference implementation's bound. */
export const MAX_SAFETENSORS_HEADER_BYTES = 100_000_000;
