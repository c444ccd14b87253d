import assert from "node:assert/strict";
import { before, test } from "node:test";
import { init, tree } from "@jax-js/jax";
import { LichenError } from "@lichen/kernel";
import { naiveLogits } from "../internal/naive-llama.ts";
import { tinyConfig, tinyWeights } from "../internal/tiny-llama.ts";
import { generateGreedy } from "./generate.ts";
import { toParameters } from "./parameters.ts";

before(async () => {
  await init("wasm");
});

const prompt = [1, 5, 2];

async function collect(tokens: AsyncIterable<number>): Promise<number[]> {
  const list: number[] = [];
  for await (const token of tokens) list.push(token);
  return list;
}

test("the likeliest token comes each time, across windows, and the parameters stay", async () => {
  const weights = tinyWeights(tinyConfig, 9);
  const parameters = toParameters(weights, tinyConfig);
  const tokens = await collect(generateGreedy(parameters, prompt, tinyConfig, { count: 40 }));
  const text = [...prompt];
  for (const token of tokens) {
    const row = naiveLogits(weights, text, tinyConfig).at(-1)!;
    assert.equal(token, row.indexOf(Math.max(...row)));
    text.push(token);
  }
  assert.equal(tokens.length, 40);
  assert.ok(new Set(tokens).size > 1, "a model that says one thing only proves little");

  const endToken = tokens[4]!;
  const cut = await collect(generateGreedy(parameters, prompt, tinyConfig, { count: 40, endToken }));
  assert.deepEqual(cut, tokens.slice(0, tokens.indexOf(endToken)));
  for (const array of Object.values(parameters)) assert.equal(array.refCount, 1);
  tree.dispose(parameters);
});

test("what cannot be continued is refused, and a signal stops", async () => {
  const parameters = toParameters(tinyWeights(tinyConfig, 9), tinyConfig);
  const code = (expected: string) => (error: unknown) =>
    error instanceof LichenError && error.code === expected;
  await assert.rejects(
    collect(generateGreedy(parameters, [], tinyConfig, { count: 1 })),
    code("bad-argument"),
  );
  await assert.rejects(
    collect(generateGreedy(parameters, prompt, tinyConfig, { count: 62 })),
    code("context-overflow"),
  );
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    collect(generateGreedy(parameters, prompt, tinyConfig, { count: 1, signal })),
    /enough/,
  );
  tree.dispose(parameters);
});
