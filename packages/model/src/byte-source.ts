import { LichenError } from "@lichen/kernel";

/** Random access to bytes that may be far too many for memory: a file, an object store, a buffer. */
export type ByteSource = {
  readonly sizeBytes: number;
  /** Exactly `length` bytes from `offset`. Callers stay within `sizeBytes`. */
  read: (offset: number, length: number) => Promise<Uint8Array>;
};

/** Bytes in memory as a source. Nothing is copied. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/**
 * Reads exactly `length` bytes, or says that the file was cut.
 *
 * @throws LichenError `model-invalid` when the range leaves the source or the source delivers less.
 */
export async function readExactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  if (!(offset >= 0 && length >= 0 && offset + length <= source.sizeBytes))
    throw new LichenError("model-invalid", "the file ends too early", {
      details: `${length} bytes at ${offset} of ${source.sizeBytes}`,
      remedy: "Fetch the file again: it was cut.",
    });
  const bytes = await source.read(offset, length);
  if (bytes.length !== length)
    throw new LichenError("model-invalid", "the file got shorter while it was read", {
      details: `${bytes.length} of ${length} bytes at ${offset}`,
    });
  return bytes;
}
