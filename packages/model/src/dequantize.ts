import { LichenError } from "@lichen/kernel";
import { ggmlTypes, type GgmlType } from "./ggml-types.ts";

/** How a block of a type is unpacked into `values` from index `to`. */
type Unpack = (view: DataView, at: number, values: Float32Array, to: number) => void;

const unpackers: Partial<Record<GgmlType, Unpack>> = {
  F32: (view, at, values, to) => {
    values[to] = view.getFloat32(at, true);
  },
  F16: (view, at, values, to) => {
    values[to] = view.getFloat16(at, true);
  },
  BF16: (view, at, values, to) => {
    scratch.setUint32(0, view.getUint16(at, true) << 16);
    values[to] = scratch.getFloat32(0);
  },
  Q8_0: (view, at, values, to) => {
    const scale = view.getFloat16(at, true);
    for (let i = 0; i < 32; i++) values[to + i] = view.getInt8(at + 2 + i) * scale;
  },
  Q4_0: (view, at, values, to) => {
    const scale = view.getFloat16(at, true);
    for (let i = 0; i < 16; i++) {
      const pair = view.getUint8(at + 2 + i);
      values[to + i] = ((pair & 15) - 8) * scale;
      values[to + i + 16] = ((pair >> 4) - 8) * scale;
    }
  },
};

const scratch = new DataView(new ArrayBuffer(4));

/**
 * Unpacks a tensor's bytes into float32 numbers, as ggml's reference code does. F32, F16, BF16, Q8_0 and Q4_0.
 *
 * @throws LichenError `model-invalid` on another type, or on bytes that are not whole blocks.
 */
export function dequantize(bytes: Uint8Array, type: GgmlType): Float32Array {
  const { block, sizeBytes } = ggmlTypes[type];
  const unpack = unpackers[type];
  if (unpack === undefined)
    throw new LichenError("model-invalid", `tensors of type ${type} cannot be unpacked`, {
      details: `readable are ${Object.keys(unpackers).join(", ")}`,
    });
  if (bytes.length % sizeBytes !== 0)
    throw new LichenError("model-invalid", `${bytes.length} bytes are not whole blocks of ${type}`);
  const values = new Float32Array((bytes.length / sizeBytes) * block);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, to = 0; at < bytes.length; at += sizeBytes, to += block) unpack(view, at, values, to);
  return values;
}
