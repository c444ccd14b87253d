import { LichenError } from "@lichen/kernel";
import type { ByteSource } from "../byte-source.ts";

/** For tests: a source that counts what is read, and fails when a reader leaves the file. */
export function watchedSource(bytes: Uint8Array): ByteSource & { readBytes: () => number } {
  let readBytes = 0;
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length)
        throw new RangeError(`read ${length} bytes at ${offset} of ${bytes.length}`);
      readBytes += length;
      return Promise.resolve(bytes.subarray(offset, offset + length));
    },
    readBytes: () => readBytes,
  };
}

/** For tests: the outcome of reading hostile bytes, which is a result or a `model-invalid`, and nothing else. */
export async function resultOrInvalid<T>(reading: Promise<T>): Promise<T | "model-invalid"> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof LichenError && error.code === "model-invalid") return "model-invalid";
    throw error;
  }
}
