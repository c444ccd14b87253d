import assert from "node:assert/strict";
import { test } from "node:test";
import { LichenError } from "@lichen/kernel";
import { byteTokenizer } from "../byte-tokenizer.ts";
import { memorySource } from "../byte-source.ts";
import { convertGguf } from "../convert-gguf.ts";
import { dequantize } from "../dequantize.ts";
import { ggufNumber, type GgufMetadata, type GgufValue } from "../gguf.ts";
import { tinyConfig } from "../internal/tiny-llama.ts";
import { quantize } from "../quantize.ts";
import { readGguf } from "../read-gguf.ts";
import { writeGguf, type GgufTensor } from "../write-gguf.ts";
import { checkLlamaConfig, type LlamaConfig } from "./config.ts";
import { loadLlama } from "./from-gguf.ts";
import { initialWeights, toParameters } from "./parameters.ts";
import { countParameters, llamaShapes } from "./shapes.ts";
import { continuationTemplate, llamaToGguf } from "./to-gguf.ts";

// Rows of whole blocks, for every format.
const config: LlamaConfig = {
  ...tinyConfig,
  vocabularySize: 260,
  embeddingLength: 32,
  feedForwardLength: 64,
};
const weights = initialWeights(config, 1);
const about = {
  name: "tiny",
  description: "for a test",
  license: "Apache-2.0",
  chatTemplate: continuationTemplate,
};
type Parts = { metadata: GgufMetadata; tensors: Map<string, GgufTensor> };
const parts = (type: "F32" | "F16" = "F32"): Parts =>
  llamaToGguf(weights, config, byteTokenizer(260), about, type);
const invalid = (error: unknown): boolean => error instanceof LichenError && error.code === "model-invalid";

async function load({ metadata, tensors }: Parts): ReturnType<typeof loadLlama> {
  const source = memorySource(writeGguf({ metadata, tensors }));
  return loadLlama(source, await readGguf(source));
}

test("a llama comes back from its file, tied or not", async () => {
  const back = await load(parts());
  assert.deepEqual({ ...back.config, rmsEpsilon: 1e-5 }, config);
  assert.equal(back.config.rmsEpsilon, Math.fround(1e-5));
  assert.deepEqual(back.weights, weights);
  const tied = { ...config, tiedEmbeddings: true };
  const file = llamaToGguf(initialWeights(tied, 1), tied, byteTokenizer(260), about, "F32");
  assert.equal((await load(file)).config.tiedEmbeddings, true);
});

for (const type of ["F32", "F16", "Q8_0", "Q4_0"] as const)
  test(`conversion to ${type} packs matrices and keeps the rest`, async () => {
    const converted = await convertGguf(memorySource(writeGguf(parts("F16"))), type);
    const { weights: unpacked } = await load(converted);
    for (const [name, shape] of Object.entries(llamaShapes(config))) {
      const half = shape.length > 1 ? dequantize(quantize(weights[name]!, "F16"), "F16") : weights[name]!;
      const expected = shape.length > 1 ? dequantize(quantize(half, type), type) : half;
      assert.deepEqual(unpacked[name], expected, name);
    }
    assert.equal(
      ggufNumber(converted.metadata, "general.file_type"),
      { F32: 0, F16: 1, Q8_0: 7, Q4_0: 2 }[type],
    );
    assert.deepEqual([...converted.metadata.keys()], [...parts().metadata.keys()]);
  });

test("a conversion to rows that do not fill blocks is refused", async () => {
  const narrow = { ...tinyConfig, vocabularySize: 260 };
  const file = llamaToGguf(initialWeights(narrow, 1), narrow, byteTokenizer(260), about, "F32");
  await assert.rejects(convertGguf(memorySource(writeGguf(file)), "Q8_0"), invalid);
});

test("a tokenizer of another vocabulary is refused", () => {
  assert.throws(
    () => llamaToGguf(weights, config, byteTokenizer(288), about, "F32"),
    (error) => error instanceof LichenError && error.code === "bad-argument",
  );
});

const uint32 = (value: number): GgufValue => ({ type: "uint32", value });
const changes: Record<string, (file: Parts) => unknown> = {
  "another architecture": ({ metadata }) =>
    metadata.set("general.architecture", { type: "string", value: "qwen2" }),
  "no context length": ({ metadata }) => metadata.delete("llama.context_length"),
  "no blocks": ({ metadata }) => metadata.set("llama.block_count", uint32(0)),
  "more blocks than tensors": ({ metadata }) => metadata.set("llama.block_count", uint32(3)),
  "more blocks than any model": ({ metadata }) => metadata.set("llama.block_count", uint32(1 << 24)),
  "fewer blocks than tensors": ({ metadata }) => metadata.set("llama.block_count", uint32(1)),
  "a width the heads do not divide": ({ metadata }) => metadata.set("llama.attention.head_count", uint32(3)),
  "key heads that do not divide the heads": ({ metadata }) =>
    metadata.set("llama.attention.head_count_kv", uint32(3)),
  "heads of odd width": ({ metadata }) => metadata.set("llama.attention.head_count", uint32(32)),
  "an epsilon of zero": ({ metadata }) =>
    metadata.set("llama.attention.layer_norm_rms_epsilon", { type: "float32", value: 0 }),
  "rotary positions on half a head": ({ metadata }) => metadata.set("llama.rope.dimension_count", uint32(4)),
  "scaled rotary positions": ({ metadata }) =>
    metadata.set("llama.rope.scaling.type", { type: "string", value: "yarn" }),
  "a missing tensor": ({ tensors }) => tensors.delete("blk.1.ffn_up.weight"),
  "a tensor of another architecture": ({ tensors }) =>
    tensors.set("blk.0.attn_q.bias", { type: "F32", shape: [32], data: new Uint8Array(128) }),
  "a tensor of another shape": ({ tensors }) =>
    tensors.set("output_norm.weight", { type: "F32", shape: [16], data: new Uint8Array(64) }),
  "a type that cannot be unpacked": ({ tensors }) =>
    tensors.set("token_embd.weight", { type: "IQ4_NL", shape: [260, 32], data: new Uint8Array(260 * 18) }),
};

for (const [name, change] of Object.entries(changes))
  test(`refused: ${name}`, async () => {
    const file = parts();
    change(file);
    await assert.rejects(load(file), invalid);
  });

test("impossible configurations and missing weights are refused", () => {
  for (const wrong of [
    { blockCount: 1.5 },
    { vocabularySize: Number.NaN },
    { ropeFreqBase: Infinity },
    { headCount: -1 },
  ])
    assert.throws(() => checkLlamaConfig({ ...config, ...wrong }), invalid);
  assert.throws(() => toParameters({}, config), invalid);
});

test("parameters are counted", () => {
  const total = Object.values(weights).reduce((sum, values) => sum + values.length, 0);
  assert.equal(countParameters(config), total);
});
