import assert from "node:assert/strict";
import { before, test } from "node:test";
import { init, numpy as np, valueAndGrad } from "@jax-js/jax";
import { naiveLogits, naiveLoss } from "../internal/naive-llama.ts";
import { tinyConfig, tinyWeights } from "../internal/tiny-llama.ts";
import type { LlamaConfig } from "./config.ts";
import { forward } from "./forward.ts";
import { lossSum } from "./loss.ts";
import { toParameters, type LlamaParameters } from "./parameters.ts";
import { llamaShapes } from "./shapes.ts";

before(async () => {
  await init("wasm");
});

const configs: Record<string, LlamaConfig> = {
  "grouped queries": tinyConfig,
  "a key head for each query head": { ...tinyConfig, headCountKv: 4 },
  "one key head": { ...tinyConfig, headCountKv: 1 },
  "tied embeddings": { ...tinyConfig, tiedEmbeddings: true },
  "other constants": { ...tinyConfig, ropeFreqBase: 50, rmsEpsilon: 0.1 },
};
const rows = [
  [1, 5, 2, 2, 11, 0, 7],
  [3, 3, 4, 9, 8, 10, 6],
];

for (const [name, config] of Object.entries(configs))
  test(`forward agrees with plain loops: ${name}`, async () => {
    const weights = tinyWeights(config, 3);
    const tokens = np.array(rows, { dtype: np.int32 });
    const logits = await forward(toParameters(weights, config), tokens, config).data();
    const expected = rows.flatMap((row) => naiveLogits(weights, row, config).flat());
    const spread = Math.max(...expected) - Math.min(...expected);
    assert.ok(spread > 1, "the logits must differ for the comparison to mean anything");
    assert.equal(logits.length, expected.length);
    expected.forEach((value, i) =>
      assert.ok(Math.abs(value - logits[i]!) < 1e-4 * spread, `${value} ${logits[i]}`),
    );
  });

test("the gradient agrees with differences of plain loops", async () => {
  const config = { ...tinyConfig, tiedEmbeddings: true };
  const weights = tinyWeights(config, 4);
  const [tokens, targets] = [rows[0]!, rows[1]!];
  const shape = [1, tokens.length];
  const gradient = valueAndGrad((parameters: LlamaParameters) =>
    lossSum(
      parameters,
      np.array(tokens, { dtype: np.int32 }).reshape(shape),
      np.array(targets, { dtype: np.int32 }).reshape(shape),
      np.ones(shape),
      config,
    ),
  );
  const [loss, gradients] = gradient(toParameters(weights, config));
  assert.ok(Math.abs(loss.item() - naiveLoss(weights, tokens, targets, config)) < 1e-3);
  for (const name of Object.keys(llamaShapes(config))) {
    const computed = await gradients[name]!.data();
    const values = weights[name]!;
    for (const at of [0, 3, Math.floor(values.length / 2), values.length - 1]) {
      const kept = values[at]!;
      // Exact in float32, so that the difference is the one that was asked for.
      const step = 2 ** -10;
      values[at] = kept + step;
      const above = values[at]!;
      const up = naiveLoss(weights, tokens, targets, config);
      values[at] = kept - step;
      const slope = (up - naiveLoss(weights, tokens, targets, config)) / (above - values[at]!);
      values[at] = kept;
      assert.ok(
        Math.abs(slope - computed[at]!) < 2e-3 * (1 + Math.abs(slope)),
        `${name}[${at}]: ${slope} ${computed[at]}`,
      );
    }
  }
});
