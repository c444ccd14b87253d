import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { init, tree } from "@jax-js/jax";
import { LichenError } from "@lichen/kernel";
import {
  cosineRate,
  countParameters,
  initialTrainState,
  initParameters,
  meanLoss,
  toWeights,
  trainStep,
  type TrainState,
} from "@lichen/model";
import { loadCheckpoint, saveCheckpoint, type RunIdentity, type RunPosition } from "./checkpoint.ts";
import { batchAt, loadCorpus, type Corpus } from "./corpus.ts";
import { presets, type Preset } from "./presets.ts";
import { writeModel } from "./write-model.ts";
import { duration, movingMean, progressLine } from "./progress.ts";
import { runTool } from "./run-tool.ts";

const help = `Trains a small language model on a text file, byte by byte, and writes it as GGUF.

  node tools/model/train.ts --corpus PATH [options]

  --corpus PATH    the text; its first 90 % are learned from, the rest measures
  --preset NAME    small (about 300,000 parameters) or base (about 750,000); default base
  --steps N        optimiser steps of 1,024 tokens; default 1600
  --seed N         decides the first weights and every batch; default 1
  --out DIR        where NAME-f16.gguf and NAME.checkpoint.safetensors go; default .
  --resume         go on from the checkpoint in --out; with more --steps than it was made for, a finished run goes
                   on with another cycle of the learning rate, half as high
  --help           this text

Examples
  node tools/model/train.ts --corpus shakespeare.txt
  node tools/model/train.ts --corpus shakespeare.txt --preset small --steps 500 --out /tmp/try
  node tools/model/train.ts --corpus shakespeare.txt --preset small --steps 800 --out /tmp/try --resume

Ctrl-C saves a checkpoint before it leaves. The same corpus, preset, steps and seed give the same weights.
`;

/** Steps between two checkpoints. */
const CHECKPOINT_STEPS = 100;
/** Steps between two looks at a part of the held-out text. */
const EVALUATION_STEPS = 250;
/** Bytes of that part. */
const EVALUATION_BYTES = 16_384;
/** Height of a later cycle of the learning rate, as a share of the first. */
const LATER_CYCLE_SHARE = 0.5;
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

/** A training run: what it learns from, where it leaves its state, how far it is. */
type Run = {
  preset: Preset;
  corpus: Corpus;
  identity: RunIdentity;
  checkpoint: string;
  state: TrainState;
  cycleStart: number;
  /** Since the run began, interruptions left out. */
  elapsedSeconds: () => number;
};

async function openRun(options: Options): Promise<Run> {
  const preset = presets[options.preset];
  const { config, name } = preset;
  const corpus = await loadCorpus(options.corpus, config.contextLength);
  await mkdir(options.out, { recursive: true });
  const checkpoint = join(options.out, `${name}.checkpoint.safetensors`);
  if (!options.resume && existsSync(checkpoint))
    throw new LichenError("bad-argument", "--out holds a checkpoint already", {
      details: checkpoint,
      remedy: "Add --resume to go on from it, or name another directory.",
    });
  const { seed, steps } = options;
  const identity = { preset: options.preset, seed: `${seed}`, corpus: corpus.sha256 };

  await init("wasm");
  console.log(`${name}: ${countParameters(config).toLocaleString("en")} parameters, ${steps} steps`);
  console.log(
    `corpus ${options.corpus}: ${corpus.sizeBytes.toLocaleString("en")} bytes, sha256 ${corpus.sha256}`,
  );
  const { state, cycleStart, elapsedSeconds } = options.resume
    ? continued(await loadCheckpoint(checkpoint, config, identity), steps)
    : { state: initialTrainState(initParameters(config, seed)), cycleStart: 0, elapsedSeconds: 0 };
  const began = performance.now() / 1000 - elapsedSeconds;
  return {
    preset,
    corpus,
    identity,
    checkpoint,
    state,
    cycleStart,
    elapsedSeconds: () => performance.now() / 1000 - began,
  };
}

/** The position to go on from: inside its cycle, or, when that is done and more steps are asked for, at a new one. */
function continued(position: RunPosition, steps: number): RunPosition {
  const { state, cycleEnd } = position;
  if (steps === cycleEnd) return position;
  if (state.step === cycleEnd && steps > cycleEnd) return { ...position, cycleStart: cycleEnd };
  throw new LichenError("state-invalid", "the checkpoint is of a run with another number of steps", {
    details: `${state.step} of ${cycleEnd} done, ${steps} asked for`,
    remedy: `Finish it with --steps ${cycleEnd}; after that, larger numbers go on.`,
  });
}

/** Steps until the run is done or `stopped` says so. */
async function advance(run: Run, { steps, seed }: Options, stopped: () => boolean): Promise<void> {
  const { preset, corpus } = run;
  const { config } = preset;
  const step = trainStep(config);
  const progress = progressLine(process.stderr);
  const schedule = {
    peak: preset.peakRate * (run.cycleStart === 0 ? 1 : LATER_CYCLE_SHARE),
    floor: 0.1,
    warmupSteps: preset.warmupSteps,
    steps: steps - run.cycleStart,
  };
  const mean = movingMean();
  const pace = movingMean();

  while (run.state.step < steps && !stopped()) {
    const at = run.state.step;
    const length = (at + 1) % preset.longEvery === 0 ? config.contextLength : preset.shortLength;
    const batch = batchAt(corpus.train, seed, at, preset.batchTokens / length, length);
    const start = performance.now();
    const { state, loss } = await step(run.state, batch, cosineRate(at - run.cycleStart, schedule));
    run.state = state;
    if (!Number.isFinite(loss))
      throw new LichenError("internal", "the loss is no longer a number", { details: `step ${state.step}` });
    const seconds = pace((performance.now() - start) / 1000);
    const rate = Math.round(preset.batchTokens / seconds).toLocaleString("en");
    progress.show(
      `step ${state.step}/${steps}  loss ${mean(loss).toFixed(3)}  ${rate} tokens/s  ` +
        `ETA ${duration((steps - state.step) * seconds)}`,
    );
    if (state.step % CHECKPOINT_STEPS === 0) await save(run, steps);
    if (state.step % EVALUATION_STEPS === 0) {
      const part = corpus.heldOut.subarray(0, EVALUATION_BYTES);
      const held = await meanLoss(state.parameters, part, config, { length: preset.shortLength });
      progress.end();
      console.log(
        `step ${state.step}: held-out ${held.toFixed(4)} nats per byte (first ${EVALUATION_BYTES} bytes)`,
      );
    }
  }
  progress.end();
  step.dispose();
}

function save(run: Run, cycleEnd: number): Promise<void> {
  const { checkpoint, preset, identity, state, cycleStart } = run;
  const position = { state, cycleStart, cycleEnd, elapsedSeconds: run.elapsedSeconds() };
  return saveCheckpoint(checkpoint, position, preset.config, identity);
}

/** Measures the finished model on all that was held out, and writes it. */
async function finish({ preset, corpus, state, elapsedSeconds }: Run, out: string): Promise<void> {
  const { config, name } = preset;
  const trained = duration(elapsedSeconds());
  const loss = await meanLoss(state.parameters, corpus.heldOut, config);
  console.log(
    `held-out ${loss.toFixed(4)} nats per byte over all ${corpus.heldOut.length.toLocaleString("en")} bytes, ` +
      `windows of ${config.contextLength} without overlap; trained in ${trained}`,
  );
  const path = join(out, `${name}-f16.gguf`);
  await writeModel(path, await toWeights(state.parameters), config, name);
  console.log(`${path} written; other formats with tools/model/convert.ts`);
}

async function train(options: Options): Promise<void> {
  const run = await openRun(options);
  let stopping = false;
  const stop = (): void => {
    stopping = true;
  };
  // Once: a second Ctrl-C ends the process at once.
  process.once("SIGINT", stop).once("SIGTERM", stop);
  await advance(run, options, () => stopping);
  await save(run, options.steps);
  if (stopping) {
    console.log(`stopped at step ${run.state.step}; go on with --resume`);
    process.exitCode = 130;
  } else await finish(run, options.out);
  tree.dispose([run.state.parameters, run.state.mean, run.state.square]);
}

async function main(args: string[]): Promise<void> {
  const options = parseOptions(args);
  if (options === "help") process.stdout.write(help);
  else await train(options);
}

await runTool(main);
