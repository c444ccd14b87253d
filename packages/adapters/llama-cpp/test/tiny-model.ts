import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteTokenizer, initialWeights, llamaToGguf, writeGguf, type LlamaConfig } from "@lichen/model";

/** ChatML (https://github.com/openai/openai-python/blob/release-v0.28.0/chatml.md), as many models have it. */
export const chatMl: string =
  "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content | trim }}<|im_end|>\n{% endfor %}" +
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/** Ids of the tiny model's control tokens. */
export const tokens = { end: 256, imStart: 257, imEnd: 258, single: 259 } as const;

const config: LlamaConfig = {
  vocabularySize: 264,
  contextLength: 256,
  embeddingLength: 64,
  blockCount: 2,
  feedForwardLength: 128,
  headCount: 4,
  headCountKv: 2,
  ropeFreqBase: 10_000,
  rmsEpsilon: 1e-5,
  tiedEmbeddings: false,
};

/** A model of one token a byte that was never trained: its answers are noise, which holds broken UTF-8 too. */
export function tinyModel(options: { template?: string; config?: Partial<LlamaConfig> } = {}): Uint8Array {
  const shape = { ...config, ...options.config };
  const about = {
    name: "tiny",
    description: "",
    license: "Apache-2.0",
    chatTemplate: options.template ?? chatMl,
  };
  const file = llamaToGguf(
    initialWeights(shape, 5),
    shape,
    byteTokenizer(shape.vocabularySize),
    about,
    "F32",
  );
  const names = file.metadata.get("tokenizer.ggml.tokens")?.value as string[];
  const types = file.metadata.get("tokenizer.ggml.token_type")?.value as number[];
  const controls = {
    [tokens.imStart]: "<|im_start|>",
    [tokens.imEnd]: "<|im_end|>",
    [tokens.single]: "\u2620",
  };
  for (const [id, name] of Object.entries(controls)) {
    names[Number(id)] = name;
    types[Number(id)] = 3;
  }
  if (options.template === "") file.metadata.delete("tokenizer.chat_template");
  return writeGguf(file);
}

/** The bytes as a file, until `remove`. */
export async function asFile(bytes: Uint8Array): Promise<{ path: string; remove: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), "lichen-engine-"));
  const path = join(home, "model.gguf");
  await writeFile(path, bytes);
  return { path, remove: () => rm(home, { recursive: true, force: true }) };
}
