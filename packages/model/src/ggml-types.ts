import { LichenError } from "@lichen/kernel";

/** How a ggml tensor type packs its elements: `block` of them fill `sizeBytes`. Rows hold whole blocks. */
export type GgmlLayout = { id: number; block: number; sizeBytes: number };

/** The tensor types of GGUF files, by ggml's names and numbers (ggml.h, ggml-common.h). */
export const ggmlTypes = {
  F32: { id: 0, block: 1, sizeBytes: 4 },
  F16: { id: 1, block: 1, sizeBytes: 2 },
  Q4_0: { id: 2, block: 32, sizeBytes: 18 },
  Q4_1: { id: 3, block: 32, sizeBytes: 20 },
  Q5_0: { id: 6, block: 32, sizeBytes: 22 },
  Q5_1: { id: 7, block: 32, sizeBytes: 24 },
  Q8_0: { id: 8, block: 32, sizeBytes: 34 },
  Q8_1: { id: 9, block: 32, sizeBytes: 36 },
  Q2_K: { id: 10, block: 256, sizeBytes: 84 },
  Q3_K: { id: 11, block: 256, sizeBytes: 110 },
  Q4_K: { id: 12, block: 256, sizeBytes: 144 },
  Q5_K: { id: 13, block: 256, sizeBytes: 176 },
  Q6_K: { id: 14, block: 256, sizeBytes: 210 },
  Q8_K: { id: 15, block: 256, sizeBytes: 292 },
  IQ2_XXS: { id: 16, block: 256, sizeBytes: 66 },
  IQ2_XS: { id: 17, block: 256, sizeBytes: 74 },
  IQ3_XXS: { id: 18, block: 256, sizeBytes: 98 },
  IQ1_S: { id: 19, block: 256, sizeBytes: 50 },
  IQ4_NL: { id: 20, block: 32, sizeBytes: 18 },
  IQ3_S: { id: 21, block: 256, sizeBytes: 110 },
  IQ2_S: { id: 22, block: 256, sizeBytes: 82 },
  IQ4_XS: { id: 23, block: 256, sizeBytes: 136 },
  I8: { id: 24, block: 1, sizeBytes: 1 },
  I16: { id: 25, block: 1, sizeBytes: 2 },
  I32: { id: 26, block: 1, sizeBytes: 4 },
  I64: { id: 27, block: 1, sizeBytes: 8 },
  F64: { id: 28, block: 1, sizeBytes: 8 },
  IQ1_M: { id: 29, block: 256, sizeBytes: 56 },
  BF16: { id: 30, block: 1, sizeBytes: 2 },
  TQ1_0: { id: 34, block: 256, sizeBytes: 54 },
  TQ2_0: { id: 35, block: 256, sizeBytes: 66 },
  MXFP4: { id: 39, block: 32, sizeBytes: 17 },
  NVFP4: { id: 40, block: 64, sizeBytes: 36 },
  Q1_0: { id: 41, block: 128, sizeBytes: 18 },
  Q2_0: { id: 42, block: 64, sizeBytes: 18 },
} as const;

/** A tensor type by name. */
export type GgmlType = keyof typeof ggmlTypes;

const byId: Map<number, GgmlType> = new Map(
  Object.entries(ggmlTypes).map(([name, { id }]) => [id, name as GgmlType]),
);

/** The name of a tensor type's number, if this version knows it. */
export function ggmlTypeOf(id: number): GgmlType | undefined {
  return byId.get(id);
}

/**
 * Bytes that a tensor of this type and row-major shape fills.
 *
 * @throws LichenError `model-invalid` when rows do not hold whole blocks or the size is beyond exact integers.
 */
export function tensorSizeBytes(type: GgmlType, shape: readonly number[]): number {
  const { block, sizeBytes } = ggmlTypes[type];
  const row = shape.at(-1) ?? 1;
  if (row % block !== 0)
    throw new LichenError("model-invalid", `rows of ${row} do not hold whole blocks of ${type}`, {
      details: `a block has ${block} elements`,
    });
  const elements = shape.reduce((a, b) => a * b, 1);
  const size = (elements / block) * sizeBytes;
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(size))
    throw new LichenError("model-invalid", "a tensor is larger than any file", {
      details: `[${shape.join(", ")}]`,
    });
  return size;
}
