import { LichenError } from "@lichen/kernel";
import { ggmlTypes } from "./ggml-types.ts";

/** Tensor types that Lichen can write. */
export type QuantizedType = "F32" | "F16" | "Q8_0" | "Q4_0";

/**
 * Packs float32 numbers as ggml's reference code does, bit for bit: F16 rounds to nearest even; Q8_0 and Q4_0 share
 * one float16 scale among 32 neighbours.
 *
 * @throws LichenError `bad-argument` when the numbers do not fill whole blocks.
 *
 * @example
 * const bytes = quantize(new Float32Array(32), "Q4_0"); // 18 bytes
 */
export function quantize(values: Float32Array, type: QuantizedType): Uint8Array {
  const { block, sizeBytes } = ggmlTypes[type];
  if (values.length % block !== 0)
    throw new LichenError("bad-argument", `${values.length} numbers do not fill blocks of ${block}`);
  const bytes = new Uint8Array((values.length / block) * sizeBytes);
  const view = new DataView(bytes.buffer);
  if (type === "F32") values.forEach((value, i) => view.setFloat32(i * 4, value, true));
  else if (type === "F16") values.forEach((value, i) => view.setFloat16(i * 2, value, true));
  else
    for (let at = 0, from = 0; from < values.length; at += sizeBytes, from += block)
      (type === "Q8_0" ? packQ8 : packQ4)(values.subarray(from, from + block), bytes, view, at);
  return bytes;
}

/** The inverse of a block's scale, in float32 as ggml computes it; 0 for a block of zeros. */
function inverse(scale: number): number {
  return scale === 0 ? 0 : Math.fround(1 / scale);
}

function packQ8(values: Float32Array, bytes: Uint8Array, view: DataView, at: number): void {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const scale = Math.fround(largest / 127);
  const factor = inverse(scale);
  view.setFloat16(at, scale, true);
  // C's roundf: halves go away from zero.
  values.forEach((value, i) => {
    const scaled = Math.fround(value * factor);
    bytes[at + 2 + i] = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
  });
}

function packQ4(values: Float32Array, bytes: Uint8Array, view: DataView, at: number): void {
  let extreme = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(extreme)) extreme = value;
  const scale = Math.fround(extreme / -8);
  const factor = inverse(scale);
  view.setFloat16(at, scale, true);
  const nibble = (value: number): number =>
    Math.min(15, Math.trunc(Math.fround(Math.fround(value * factor) + 8.5)));
  for (let i = 0; i < 16; i++) bytes[at + 2 + i] = nibble(values[i]!) | (nibble(values[i + 16]!) << 4);
}
