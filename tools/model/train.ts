import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { init, tree } from "@jax-js/jax";
import { LichenError } from "../../packages/kernel/src/index.ts";
import {
  cosineRate,
  countParameters,
  initialTrainState,
  initParameters,
  meanLoss,
  toWeights,
  trainStep,
} from "../../packages/model/src/index.ts";
import { loadCheckpoint, saveCheckpoint, type RunIdentity } from "./checkpoint.ts";
import { batchAt, loadCorpus } from "./corpus.ts";
import { presets } from "./presets.ts";
import { writeModel } from "./write-model.ts";
import { duration, progressLine } from "./progress.ts";
import { runTool } from "./run-tool.ts";

const help = `Trains a small language model on a text file, byte by byte, and writes it as GGUF.

  node tools/model/train.ts --corpus PATH [options]

  --corpus PATH    the text; its first 90 % are learned from, the rest measures
  --preset NAME    small (about 300,000 parameters) or base (about 750,000); default base
  --steps N        optimiser steps of 1,024 tokens; default 1600
  --seed N         decides the first weights and every batch; default 1
  --out DIR        where NAME-f16.gguf and NAME.checkpoint.safetensors go; default .
  --resume         go on from the checkpoint in --out
  --help           this text

Examples
  node tools/model/train.ts --corpus shakespeare.txt
  node tools/model/train.ts --corpus shakespeare.txt --preset small --steps 500 --out /tmp/try
  node tools/model/train.ts --corpus shakespeare.txt --preset small --steps 500 --out /tmp/try --resume

Ctrl-C saves a checkpoint before it leaves. The same corpus, preset, steps and seed give the same weights.
`;

/** Steps between two checkpoints. */
const CHECKPOINT_STEPS = 100;
/** Steps between two looks at a part of the held-out text. */
const EVALUATION_STEPS = 250;
/** Bytes of that part. */
const EVALUATION_BYTES = 16_384;
/** More steps than anybody means. */
const MAX_STEPS = 10_000_000;

type Options = {
  corpus: string;
  preset: keyof typeof presets;
  steps: number;
  seed: number;
  out: string;
  resume: boolean;
};

function parseOptions(args: string[]): Options | "help" {
  const { values } = parseArgs({
    args,
    options: {
      corpus: { type: "string" },
      preset: { type: "string", default: "base" },
      steps: { type: "string", default: "1600" },
      seed: { type: "string", default: "1" },
      out: { type: "string", default: "." },
      resume: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const remedy = "See --help.";
  if (values.corpus === undefined) throw new LichenError("bad-argument", "--corpus is missing", { remedy });
  if (!Object.hasOwn(presets, values.preset))
    throw new LichenError("bad-argument", "--preset is neither small nor base", {
      details: values.preset,
      remedy,
    });
  const count = (name: string, text: string, least: number, most: number): number => {
    if (!/^\d{1,10}$/.test(text) || Number(text) < least || Number(text) > most)
      throw new LichenError("bad-argument", `--${name} is not between ${least} and ${most}`, {
        details: text,
        remedy,
      });
    return Number(text);
  };
  return {
    corpus: values.corpus,
    preset: values.preset as keyof typeof presets,
    steps: count("steps", values.steps, 1, MAX_STEPS),
    seed: count("seed", values.seed, 0, 0xffffffff),
    out: values.out,
    resume: values.resume,
  };
}

async function train(options: Options): Promise<void> {
  const preset = presets[options.preset];
  const { config } = preset;
  const corpus = await loadCorpus(options.corpus, config.contextLength);
  await mkdir(options.out, { recursive: true });
  const checkpoint = join(options.out, `${preset.name}.checkpoint.safetensors`);
  const run: RunIdentity = {
    preset: options.preset,
    seed: String(options.seed),
    steps: String(options.steps),
    corpus: corpus.sha256,
  };
  if (!options.resume && existsSync(checkpoint))
    throw new LichenError("bad-argument", "--out holds a checkpoint already", {
      details: checkpoint,
      remedy: "Add --resume to go on from it, or name another directory.",
    });

  await init("wasm");
  console.log(
    `${preset.name}: ${countParameters(config).toLocaleString("en")} parameters, ${options.steps} steps`,
  );
  console.log(
    `corpus ${options.corpus}: ${corpus.sizeBytes.toLocaleString("en")} bytes, sha256 ${corpus.sha256}`,
  );
  const first = options.resume
    ? await loadCheckpoint(checkpoint, config, run)
    : { state: initialTrainState(initParameters(config, options.seed)), elapsedSeconds: 0 };

  let { state } = first;
  let stopping = false;
  const stop = (): void => {
    stopping = true;
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const step = trainStep(config);
  const progress = progressLine(process.stderr);
  const began = performance.now() - first.elapsedSeconds * 1000;
  const elapsed = (): number => (performance.now() - began) / 1000;
  const schedule = {
    peak: preset.peakRate,
    floor: 0.1,
    warmupSteps: preset.warmupSteps,
    steps: options.steps,
  };
  let smoothed: number | undefined;
  let speed: number | undefined;

  while (state.step < options.steps && !stopping) {
    const isLong = (state.step + 1) % preset.longEvery === 0;
    const length = isLong ? config.contextLength : preset.shortLength;
    const batch = batchAt(corpus.train, options.seed, state.step, preset.batchTokens / length, length);
    const start = performance.now();
    const result = await step(state, batch, cosineRate(state.step, schedule));
    state = result.state;
    if (!Number.isFinite(result.loss))
      throw new LichenError("internal", "the loss is no longer a number", { details: `step ${state.step}` });
    const seconds = (performance.now() - start) / 1000;
    smoothed = smoothed === undefined ? result.loss : 0.95 * smoothed + 0.05 * result.loss;
    speed = speed === undefined ? seconds : 0.95 * speed + 0.05 * seconds;
    const rate = Math.round(preset.batchTokens / speed).toLocaleString("en");
    const left = duration((options.steps - state.step) * speed);
    progress.show(
      `step ${state.step}/${options.steps}  loss ${smoothed.toFixed(3)}  ${rate} tokens/s  ETA ${left}`,
    );
    if (state.step % CHECKPOINT_STEPS === 0) await saveCheckpoint(checkpoint, state, config, run, elapsed());
    if (state.step % EVALUATION_STEPS === 0) {
      const part = corpus.heldOut.subarray(0, EVALUATION_BYTES);
      const loss = await meanLoss(state.parameters, part, config, { length: preset.shortLength });
      progress.end();
      console.log(
        `step ${state.step}: held-out ${loss.toFixed(4)} nats per byte (first ${EVALUATION_BYTES} bytes)`,
      );
    }
  }
  progress.end();
  await saveCheckpoint(checkpoint, state, config, run, elapsed());
  if (stopping) {
    console.log(`stopped at step ${state.step}; go on with --resume`);
    process.exitCode = 130;
    return;
  }
  const trainedSeconds = elapsed();
  const loss = await meanLoss(state.parameters, corpus.heldOut, config);
  console.log(
    `held-out ${loss.toFixed(4)} nats per byte over all ${corpus.heldOut.length.toLocaleString("en")} bytes, ` +
      `windows of ${config.contextLength} without overlap; trained in ${duration(trainedSeconds)}`,
  );
  const model = join(options.out, `${preset.name}-f16.gguf`);
  await writeModel(model, await toWeights(state.parameters), config, preset.name);
  console.log(`${model} written; other formats with tools/model/convert.ts`);
  step.dispose();
  tree.dispose([state.parameters, state.mean, state.square]);
}

async function main(args: string[]): Promise<void> {
  const options = parseOptions(args);
  if (options === "help") process.stdout.write(help);
  else await train(options);
}

await runTool(main);
