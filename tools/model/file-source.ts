import { open, rename, writeFile } from "node:fs/promises";
import { LichenError } from "@lichen/kernel";
import type { ByteSource } from "@lichen/model";

/** A file as a source of bytes; close it when done. */
export async function fileSource(path: string): Promise<ByteSource & { close: () => Promise<void> }> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw new LichenError("bad-argument", "the file cannot be opened", { details: path, cause });
  });
  const { size } = await file.stat();
  return {
    sizeBytes: size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    close: () => file.close(),
  };
}

/** Writes a file whole or not at all: a crash leaves the old one. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, bytes, { flush: true });
  await rename(temporary, path);
}
