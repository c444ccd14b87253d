import { LichenError } from "@lichen/kernel";
import { MAX_SAFETENSORS_HEADER_BYTES, safetensorsSizes, type SafetensorsType } from "./safetensors.ts";

/** A tensor to be written: little-endian elements, row-major. */
export type SafetensorsTensor = { type: SafetensorsType; shape: number[]; data: Uint8Array };

/**
 * Writes a safetensors file (https://huggingface.co/docs/safetensors): tensors in the order given, the header padded
 * with spaces so that the data starts at a multiple of 8 bytes.
 *
 * @throws LichenError `bad-argument` when a tensor's data does not have the size its type and shape say.
 *
 * @example
 * const bytes = writeSafetensors({ w: { type: "F32", shape: [2], data: new Uint8Array(8) } }, { made: "by hand" });
 */
export function writeSafetensors(
  tensors: Record<string, SafetensorsTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(["__metadata__", metadata]);
  let end = 0;
  for (const [name, { type, shape, data }] of Object.entries(tensors)) {
    const sizeBytes = shape.reduce((a, b) => a * b, safetensorsSizes[type]);
    if (name === "__metadata__" || data.length !== sizeBytes)
      throw new LichenError("bad-argument", `tensor ${name} cannot be written`, {
        details: `${data.length} bytes where ${type} [${shape.join(", ")}] has ${sizeBytes}`,
      });
    header.push([name, { dtype: type, shape, data_offsets: [end, end + sizeBytes] }]);
    end += sizeBytes;
  }
  // Object.fromEntries would move names that look like integers to the front, and swallow "__proto__".
  const fields = header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(text.length / 8) * 8;
  if (headerBytes > MAX_SAFETENSORS_HEADER_BYTES)
    throw new LichenError("bad-argument", "the header of a safetensors file would be too long", {
      details: `${headerBytes} of at most ${MAX_SAFETENSORS_HEADER_BYTES} bytes`,
    });

  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes).set(text, 8);
  let offset = 8 + headerBytes;
  for (const { data } of Object.values(tensors)) {
    bytes.set(data, offset);
    offset += data.length;
  }
  return bytes;
}
