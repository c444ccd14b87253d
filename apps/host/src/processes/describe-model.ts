import { createHash } from "node:crypto";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { LichenError, toHex, type Hex } from "@lichen/kernel";
import { ggufText, modelDigest, readGguf, type ByteSource } from "@lichen/model/files";
import { z } from "zod";
import { writeAtomic } from "../home/write-atomic.ts";

/** What a model is called: by its hash, and by people. */
export type ModelName = { id: Hex; name: string };

const cachedSchema: z.ZodType<ModelName> = z.object({
  id: z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>,
  name: z.string().min(1),
});

/**
 * The name of the model in a GGUF file. Hashing reads the whole file, so the result is kept in
 * `cacheDir` until the file changes.
 *
 * @throws {LichenError} `model-invalid`
 */
export async function describeModel(path: string, cacheDir: string): Promise<ModelName> {
  const file = await open(path).catch((cause: unknown) => {
    throw new LichenError("model-invalid", `the model file ${path} cannot be read`, {
      details: (cause as Error).message,
      cause,
    });
  });
  try {
    const { size, mtimeNs, ino, dev } = await file.stat({ bigint: true });
    const mark = createHash("sha256").update([path, dev, ino, size, mtimeNs].join("\0")).digest("hex");
    const kept = join(cacheDir, `model-${mark.slice(0, 32)}.json`);
    const known = await readKept(kept);
    if (known !== undefined) return known;
    const source = sourceOf(file, Number(size));
    const { metadata } = await readGguf(source);
    const { modelId } = await modelDigest(source, () => createHash("sha256"));
    const named = ggufText(metadata, "general.name") ?? basename(path, ".gguf");
    const model = { id: toHex(modelId), name: nameFor(named) };
    writeAtomic(kept, JSON.stringify(model));
    return model;
  } finally {
    await file.close();
  }
}

async function readKept(path: string): Promise<ModelName | undefined> {
  try {
    return cachedSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

const maxNameChars = 64;

/** A name as clients type it: no spaces, nothing that a shell or an address would read otherwise. */
function nameFor(text: string): string {
  const name = text
    .trim()
    .replace(/[^\w.:-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, maxNameChars)
    .toLowerCase();
  return name === "" ? "model" : name;
}

function sourceOf(file: FileHandle, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    async read(offset, length) {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
  };
}
