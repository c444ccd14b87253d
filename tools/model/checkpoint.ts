import { LichenError } from "@lichen/kernel";
import {
  llamaShapes,
  readExactly,
  readSafetensors,
  toParameters,
  toWeights,
  writeSafetensors,
  type LlamaConfig,
  type LlamaParameters,
  type LlamaWeights,
  type SafetensorsTensor,
  type TrainState,
} from "@lichen/model";
import { fileSource, writeWhole } from "./file-source.ts";

/** What a checkpoint belongs to: a run goes on only from its own. */
export type RunIdentity = { preset: string; seed: string; corpus: string };

/** How far a run is. */
export type RunPosition = {
  state: TrainState;
  /** First step of the learning rate's present cycle, and the step where it ends. */
  cycleStart: number;
  cycleEnd: number;
  /** Time spent training, in seconds. */
  elapsedSeconds: number;
};

const parts = ["parameters", "mean", "square"] as const;

/** Writes the whole training state as safetensors, float32. */
export async function saveCheckpoint(
  path: string,
  { state, cycleStart, cycleEnd, elapsedSeconds }: RunPosition,
  config: LlamaConfig,
  run: RunIdentity,
): Promise<void> {
  const shapes = llamaShapes(config);
  const tensors: Record<string, SafetensorsTensor> = {};
  for (const part of parts)
    for (const [name, values] of Object.entries(await toWeights(state[part])))
      tensors[`${part}/${name}`] = { type: "F32", shape: shapes[name]!, data: new Uint8Array(values.buffer) };
  const metadata = {
    ...run,
    step: `${state.step}`,
    cycleStart: `${cycleStart}`,
    cycleEnd: `${cycleEnd}`,
    elapsedSeconds: `${Math.round(elapsedSeconds)}`,
  };
  await writeWhole(path, writeSafetensors(tensors, metadata));
}

/** Reads a checkpoint back, if it is this run's. */
export async function loadCheckpoint(
  path: string,
  config: LlamaConfig,
  run: RunIdentity,
): Promise<RunPosition> {
  const source = await fileSource(path);
  try {
    const { metadata, tensors } = await readSafetensors(source);
    for (const key of ["preset", "seed", "corpus"] as const)
      if (metadata.get(key) !== run[key])
        throw new LichenError("state-invalid", "the checkpoint is another run's", {
          details: `${key} is ${metadata.get(key)}, not ${run[key]}`,
          remedy: "Use the options of the run, or another --out.",
        });
    const count = (key: string): number => {
      const value = Number(metadata.get(key));
      if (!Number.isSafeInteger(value) || value < 0)
        throw new LichenError("state-invalid", `the checkpoint does not say its ${key}`, { details: path });
      return value;
    };
    const load = async (part: string): Promise<LlamaParameters> => {
      const weights: LlamaWeights = {};
      for (const [name, info] of tensors)
        if (name.startsWith(`${part}/`)) {
          const bytes = await readExactly(source, info.offset, info.sizeBytes);
          weights[name.slice(part.length + 1)] = new Float32Array(bytes.slice().buffer);
        }
      return toParameters(weights, config);
    };
    const [parameters, mean, square] = [await load("parameters"), await load("mean"), await load("square")];
    return {
      state: { parameters, mean, square, step: count("step") },
      cycleStart: count("cycleStart"),
      cycleEnd: count("cycleEnd"),
      elapsedSeconds: count("elapsedSeconds"),
    };
  } finally {
    await source.close();
  }
}
