import assert from "node:assert/strict";
import { before, test } from "node:test";
import { init, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { seededUniform } from "../internal/random.ts";
import { tinyConfig, tinyWeights } from "../internal/tiny-llama.ts";
import { cosineRate } from "./cosine-rate.ts";
import { lossSum } from "./loss.ts";
import { meanLoss } from "./mean-loss.ts";
import {
  initParameters,
  toParameters,
  toWeights,
  type LlamaParameters,
  type LlamaWeights,
} from "./parameters.ts";
import { adamWDefaults, initialTrainState, trainStep, type TrainBatch } from "./train-step.ts";

before(async () => {
  await init("wasm");
});

const shape = [2, 8];

function batchOf(seed: number): TrainBatch {
  const uniform = seededUniform(seed);
  const draw = (): Int32Array => Int32Array.from({ length: 16 }, () => Math.floor(uniform() * 12));
  return { tokens: draw(), targets: draw(), batch: 2, length: 8 };
}

/** AdamW in plain loops over gradients from jax-js. */
async function plainAdamW(weights: LlamaWeights, batches: TrainBatch[], rate: number): Promise<LlamaWeights> {
  const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = adamWDefaults;
  const now = structuredClone(weights);
  const [mean, square] = [structuredClone(weights), structuredClone(weights)];
  for (const moments of [mean, square]) for (const values of Object.values(moments)) values.fill(0);
  for (const [index, batch] of batches.entries()) {
    const gradient = valueAndGrad((parameters: LlamaParameters) =>
      lossSum(
        parameters,
        np.array(batch.tokens.slice(), { shape, dtype: np.int32 }),
        np.array(batch.targets.slice(), { shape, dtype: np.int32 }),
        np.ones(shape),
        tinyConfig,
      ).div(16),
    );
    const [loss, gradients] = gradient(toParameters(now, tinyConfig));
    loss.dispose();
    const plain = await toWeights(gradients);
    tree.dispose(gradients);
    const norm = Math.hypot(...Object.values(plain).flatMap((values) => [...values]));
    const step = index + 1;
    for (const [name, values] of Object.entries(now))
      for (let i = 0; i < values.length; i++) {
        const clipped = plain[name]![i]! * Math.min(1, maxGradientNorm / norm);
        mean[name]![i] = beta1 * mean[name]![i]! + (1 - beta1) * clipped;
        square[name]![i] = beta2 * square[name]![i]! + (1 - beta2) * clipped ** 2;
        const direction =
          mean[name]![i]! /
          (1 - beta1 ** step) /
          (Math.sqrt(square[name]![i]! / (1 - beta2 ** step)) + epsilon);
        const decay = name.includes("norm") ? 0 : weightDecay;
        values[i] = values[i]! - rate * (direction + decay * values[i]!);
      }
  }
  return now;
}

test("steps are AdamW's", async () => {
  const weights = tinyWeights(tinyConfig, 5);
  const batches = [batchOf(1), batchOf(2), batchOf(3)];
  const step = trainStep(tinyConfig);
  let state = initialTrainState(toParameters(weights, tinyConfig));
  for (const batch of batches) ({ state } = await step(state, batch, 0.01));
  assert.equal(state.step, 3);
  const expected = await plainAdamW(weights, batches, 0.01);
  const actual = await toWeights(state.parameters);
  for (const [name, values] of Object.entries(expected))
    values.forEach((value, i) => assert.ok(Math.abs(value - actual[name]![i]!) < 1e-4, `${name}[${i}]`));
  step.dispose();
  tree.dispose([state.parameters, state.mean, state.square]);
});

test("a text is learned, the same way each time, and nothing is left behind", async () => {
  const run = async (): Promise<{ weights: LlamaWeights; before: number; after: number }> => {
    const step = trainStep(tinyConfig);
    const schedule = { peak: 0.02, floor: 0.1, warmupSteps: 5, steps: 60 };
    let state = initialTrainState(initParameters(tinyConfig, 7));
    // 0 1 2 ... 11 0 1 2: what follows is certain.
    const text = Int32Array.from({ length: 200 }, (_, i) => i % 12);
    const before = await meanLoss(state.parameters, text, tinyConfig, { length: 8 });
    for (let i = 0; i < schedule.steps; i++) {
      const tokens = Int32Array.from({ length: 16 }, (_, at) => (at + i) % 12);
      const batch = { tokens, targets: tokens.map((token) => (token + 1) % 12), batch: 2, length: 8 };
      ({ state } = await step(state, batch, cosineRate(i, schedule)));
    }
    const after = await meanLoss(state.parameters, text, tinyConfig, { length: 8 });
    const weights = await toWeights(state.parameters);
    step.dispose();
    for (const array of tree.leaves<np.Array>([state.parameters, state.mean, state.square])) {
      assert.equal(array.refCount, 1, "somebody still holds a part of the state");
      array.dispose();
    }
    return { weights, before, after };
  };
  const first = await run();
  assert.ok(Math.abs(first.before - Math.log(12)) < 0.1, `${first.before}`);
  assert.ok(first.after < 0.2, `${first.after}`);
  assert.deepEqual((await run()).weights, first.weights);
});

test("the mean loss counts every token but the first, once", async () => {
  const parameters = initParameters(tinyConfig, 8);
  const text = [...Array(29).keys()].map((i) => (i * 5) % 12);
  const whole = await meanLoss(parameters, text, tinyConfig, { length: 7, batch: 4 });
  let sum = 0;
  for (let start = 0; start < 28; start += 7)
    sum +=
      7 * (await meanLoss(parameters, text.slice(start, start + 8), tinyConfig, { length: 7, batch: 1 }));
  assert.ok(Math.abs(whole - sum / 28) < 1e-5);
  // A batch that the text does not fill must not count its padding.
  const alone = await meanLoss(parameters, text.slice(0, 3), tinyConfig, { length: 7, batch: 4 });
  const exact = await meanLoss(parameters, text.slice(0, 3), tinyConfig, { length: 2, batch: 1 });
  assert.ok(Math.abs(alone - exact) < 1e-5);
  await assert.rejects(meanLoss(parameters, [1], tinyConfig));
  tree.dispose(parameters);
});

test("the rate climbs, peaks and falls to the floor", () => {
  const schedule = { peak: 1, floor: 0.1, warmupSteps: 10, steps: 110 };
  assert.equal(cosineRate(0, schedule), 0.1);
  assert.equal(cosineRate(9, schedule), 1);
  assert.equal(cosineRate(10, schedule), 1);
  assert.ok(Math.abs(cosineRate(60, schedule) - 0.55) < 1e-12);
  assert.ok(Math.abs(cosineRate(1000, schedule) - 0.1) < 1e-12);
});
