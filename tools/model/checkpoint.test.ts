import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { init, tree, type numpy as np } from "@jax-js/jax";
import { LichenError } from "@lichen/kernel";
import {
  initialTrainState,
  initParameters,
  trainStep,
  type LlamaConfig,
  type TrainState,
} from "@lichen/model";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { batchAt } from "./corpus.ts";

const config: LlamaConfig = {
  vocabularySize: 260,
  contextLength: 16,
  embeddingLength: 16,
  blockCount: 1,
  feedForwardLength: 16,
  headCount: 2,
  headCountKv: 1,
  ropeFreqBase: 10_000,
  rmsEpsilon: 1e-5,
  tiedEmbeddings: true,
};
const run = { preset: "tiny", seed: "1", corpus: "none" };
const text = new TextEncoder().encode("To be, or not to be, that is the question. ".repeat(4));
const code = (expected: string) => (error: unknown) =>
  error instanceof LichenError && error.code === expected;

let directory: string;
let path: string;

before(async () => {
  await init("wasm");
  directory = await mkdtemp(join(tmpdir(), "lichen-checkpoint-"));
  path = join(directory, "checkpoint.safetensors");
});

after(() => rm(directory, { recursive: true, force: true }));

async function takeBits(state: TrainState): Promise<Uint8Array[]> {
  const arrays = tree.leaves<np.Array>([state.parameters, state.mean, state.square]);
  return Promise.all(arrays.map(async (array) => new Uint8Array((await array.data()).buffer.slice(0))));
}

test("a run that was interrupted ends with the bits of one that was not", async () => {
  const step = trainStep(config);
  const advance = async (state: TrainState, steps: number): Promise<TrainState> => {
    let now = state;
    for (let i = 0; i < steps; i++) now = (await step(now, batchAt(text, 1, now.step, 2, 8), 0.01)).state;
    return now;
  };
  const whole = await takeBits(await advance(initialTrainState(initParameters(config, 1)), 6));

  const half = await advance(initialTrainState(initParameters(config, 1)), 3);
  await saveCheckpoint(path, { state: half, cycleStart: 2, cycleEnd: 6, elapsedSeconds: 12.4 }, config, run);
  const loaded = await loadCheckpoint(path, config, run);
  const { state: _, ...position } = loaded;
  assert.deepEqual(position, { cycleStart: 2, cycleEnd: 6, elapsedSeconds: 12 });
  assert.equal(loaded.state.step, 3);
  assert.deepEqual(await takeBits(await advance(loaded.state, 3)), whole);
  tree.dispose([half.parameters, half.mean, half.square]);
  step.dispose();
});

test("a checkpoint that is cut, another run's, or another model's is refused", async () => {
  await assert.rejects(loadCheckpoint(path, config, { ...run, corpus: "other" }), code("state-invalid"));
  await assert.rejects(loadCheckpoint(path, { ...config, blockCount: 2 }, run), code("model-invalid"));
  const bytes = await readFile(path);
  const cut = join(directory, "cut.safetensors");
  for (const length of [0, 7, 100, bytes.length - 1]) {
    await writeFile(cut, bytes.subarray(0, length));
    await assert.rejects(loadCheckpoint(cut, config, run), code("model-invalid"));
  }
});

test("batches depend on seed and step, and stay inside the text", () => {
  assert.deepEqual(batchAt(text, 1, 5, 2, 8), batchAt(text, 1, 5, 2, 8));
  assert.notDeepEqual(batchAt(text, 1, 5, 2, 8), batchAt(text, 2, 5, 2, 8));
  assert.notDeepEqual(batchAt(text, 1, 5, 2, 8), batchAt(text, 1, 6, 2, 8));
  const short = text.subarray(0, 9);
  for (let step = 0; step < 50; step++) {
    const { tokens, targets } = batchAt(short, 1, step, 1, 8);
    assert.deepEqual([...tokens], [...short.subarray(0, 8)]);
    assert.deepEqual([...targets], [...short.subarray(1, 9)]);
  }
});
