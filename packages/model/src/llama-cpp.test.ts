/** Integration: what Lichen writes, llama.cpp loads, and computes as jax-js does. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { init, tree } from "@jax-js/jax";
import fc from "fast-check";
import { getLlama, LlamaLogLevel, type Llama, type LlamaModel, type Token } from "node-llama-cpp";
import { byteTokenizer } from "./byte-tokenizer.ts";
import { memorySource } from "./byte-source.ts";
import { convertGguf } from "./convert-gguf.ts";
import { loadLlama } from "./llama/from-gguf.ts";
import { generateGreedy } from "./llama/generate.ts";
import { toParameters } from "./llama/parameters.ts";
import type { QuantizedType } from "./quantize.ts";
import { readGguf } from "./read-gguf.ts";
import { writeGguf } from "./write-gguf.ts";

const models = ["lichen-shakespeare-300k", "lichen-shakespeare-750k"];
const prompt = "ROMEO:\nBut soft, what";
const count = 105;
const tokenizer = byteTokenizer(260);

let llama: Llama;
let directory: string;

before(async () => {
  await init("wasm");
  directory = await mkdtemp(join(tmpdir(), "lichen-llama-cpp-"));
  llama = await getLlama({
    gpu: false,
    build: "never",
    maxThreads: 1,
    logLevel: LlamaLogLevel.error,
    progressLogs: false,
  });
});

after(async () => {
  await llama.dispose();
  await rm(directory, { recursive: true, force: true });
});

async function bundled(name: string): Promise<Uint8Array> {
  return readFile(fileURLToPath(new URL(`../../../models/${name}-f16.gguf`, import.meta.url)));
}

async function withModel<T>(
  name: string,
  type: QuantizedType,
  use: (model: LlamaModel) => Promise<T>,
): Promise<T> {
  const path = join(directory, `${name}-${type}.gguf`);
  await writeFile(path, writeGguf(await convertGguf(memorySource(await bundled(name)), type)));
  const model = await llama.loadModel({ modelPath: path });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** llama.cpp's likeliest tokens; keys and values kept in float32, as jax-js keeps them. */
async function greedy(model: LlamaModel): Promise<Token[]> {
  const context = await model.createContext({
    contextSize: 256,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const tokens: Token[] = [];
  for await (const token of context.getSequence().evaluate(model.tokenize(prompt), { temperature: 0 })) {
    tokens.push(token);
    if (tokens.length === count) break;
  }
  await context.dispose();
  return tokens;
}

for (const name of models) {
  test(`${name}: llama.cpp's greedy text is jax-js's, in float32 and float16`, async () => {
    const source = memorySource(await bundled(name));
    const { config, weights } = await loadLlama(source, await readGguf(source));
    const parameters = toParameters(weights, config);
    const expected: number[] = [];
    for await (const token of generateGreedy(parameters, tokenizer.encode(prompt), config, { count }))
      expected.push(token);
    tree.dispose(parameters);
    assert.equal(expected.length, count);
    for (const type of ["F32", "F16"] as const) {
      const tokens = await withModel(name, type, greedy);
      assert.equal(tokenizer.decode(tokens), tokenizer.decode(expected), type);
    }
  });

  test(`${name}: llama.cpp loads Q8_0 and Q4_0 and writes text`, async () => {
    for (const type of ["Q8_0", "Q4_0"] as const) {
      const text = tokenizer.decode(await withModel(name, type, greedy));
      assert.match(text, /^[\x20-\x7e\n]+$/);
      assert.ok(new Set(text).size >= 10, `${type}: ${text}`);
    }
  });
}

test("llama.cpp's tokenizer is the byte tokenizer, both ways, for any text", async () => {
  await withModel(models[0]!, "F16", async (model) => {
    const check = (text: string): void => {
      const tokens = model.tokenize(text);
      assert.deepEqual([...tokens], tokenizer.encode(text));
      assert.equal(model.detokenize(tokens), text);
    };
    check(String.fromCharCode(...Array(128).keys()));
    check("two  spaces, \t\r\n , before . punctuation ! it 's ?  ");
    check("é 漢字 🦊 ▁ <0x41> <|endoftext|> \ufeff \u00ad");
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => check(text.toWellFormed())));
    assert.equal(model.tokens.eos, tokenizer.endToken);
    assert.equal(model.tokens.shouldPrependBosToken, false);
    assert.equal(model.trainContextSize, 512);
    await Promise.resolve();
  });
});

test("the chat template joins what was said", async () => {
  await withModel(models[0]!, "F16", async (model) => {
    assert.ok(model.fileInfo.metadata.tokenizer.chat_template);
    const { resolveChatWrapper, JinjaTemplateChatWrapper } = await import("node-llama-cpp");
    const wrapper = new JinjaTemplateChatWrapper({
      template: model.fileInfo.metadata.tokenizer.chat_template,
      tokenizer: model.tokenizer,
    });
    assert.ok(resolveChatWrapper(model));
    const { contextText } = wrapper.generateContextState({
      chatHistory: [
        { type: "user", text: "First Citizen:" },
        { type: "model", response: ["We are"] },
        { type: "user", text: " accounted poor" },
      ],
    });
    assert.equal(contextText.toString(), "First Citizen:\nWe are\n accounted poor");
  });
});
