import { jit, numpy as np, valueAndGrad } from "@jax-js/jax";
import type { LlamaConfig } from "./config.ts";
import { lossSum } from "./loss.ts";
import type { LlamaParameters } from "./parameters.ts";

/** What a training run carries from step to step. Everything in it is owned by whoever holds it. */
export type TrainState = {
  parameters: LlamaParameters;
  /** First moments of the gradients. */
  mean: LlamaParameters;
  /** Second moments of the gradients. */
  square: LlamaParameters;
  /** Steps done so far. */
  step: number;
};

/** AdamW (arXiv:1711.05101) with the gradient clipped to a global norm. */
export type AdamW = {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled decay, of matrices only: norms are left alone. */
  weightDecay: number;
  /** Largest Euclidean norm of the whole gradient. */
  maxGradientNorm: number;
};

/** What AdamW uses unless told otherwise. */
export const adamWDefaults: AdamW = {
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.1,
  maxGradientNorm: 1,
};

/** A batch in ordinary memory: `batch * length` tokens, and for each the token that follows it. */
export type TrainBatch = { tokens: Int32Array; targets: Int32Array; batch: number; length: number };

/** One step's outcome: the state to go on with, the loss in nats per token before the step, the gradient's norm. */
export type TrainResult = { state: TrainState; loss: number; gradientNorm: number };

/** A compiled step; consumes the state it is given. Call `dispose` after the last one. */
export type TrainStep = {
  (state: TrainState, batch: TrainBatch, learningRate: number): Promise<TrainResult>;
  dispose: () => void;
};

/** A state to begin with: the given parameters, now owned by the state, and moments of zero. */
export function initialTrainState(parameters: LlamaParameters): TrainState {
  const zeros = (): LlamaParameters =>
    Object.fromEntries(Object.entries(parameters).map(([name, array]) => [name, np.zeros(array.shape)]));
  return { parameters, mean: zeros(), square: zeros(), step: 0 };
}

/**
 * Compiles one AdamW step for a configuration. The first call traces and compiles (a second or more); memory stays
 * flat afterwards.
 *
 * @example
 * const step = trainStep(config);
 * let state = initialTrainState(initParameters(config, 1));
 * ({ state } = await step(state, batch, cosineRate(0, schedule)));
 */
export function trainStep(config: LlamaConfig, optimizer: AdamW = adamWDefaults): TrainStep {
  const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = optimizer;
  const gradient = valueAndGrad((parameters: LlamaParameters, tokens: np.Array, targets: np.Array) => {
    const count = tokens.size;
    return lossSum(parameters, tokens, targets, np.ones(tokens.shape), config).div(count);
  });

  type Arrays = { parameters: LlamaParameters; mean: LlamaParameters; square: LlamaParameters };
  // `rates` carries [learning rate, 1 / (1 - beta1^t), 1 / (1 - beta2^t)]: as an argument, so that one program serves
  // every step.
  const compiled = jit((arrays: Arrays, tokens: np.Array, targets: np.Array, rates: np.Array) => {
    const names = Object.keys(arrays.parameters);
    const kept = Object.fromEntries(names.map((name) => [name, arrays.parameters[name]!.ref]));
    const [loss, gradients] = gradient(kept, tokens, targets);
    const squares = names.map((name) => np.square(gradients[name]!.ref).sum());
    const norm = np.sqrt(squares.reduce((a, b) => a.add(b)));
    const scale = np.minimum(np.array(maxGradientNorm).div(norm.ref.add(1e-12)), 1);
    const [rate, meanBias, squareBias] = [rates.ref.slice(0), rates.ref.slice(1), rates.slice(2)];

    const next: Arrays = { parameters: {}, mean: {}, square: {} };
    for (const name of names) {
      const clipped = gradients[name]!.mul(scale.ref);
      const mean = arrays.mean[name]!.mul(beta1).add(clipped.ref.mul(1 - beta1));
      const square = arrays.square[name]!.mul(beta2).add(np.square(clipped).mul(1 - beta2));
      const direction = mean.ref.mul(meanBias.ref).div(np.sqrt(square.ref.mul(squareBias.ref)).add(epsilon));
      const parameter = arrays.parameters[name]!;
      const decay = parameter.ndim > 1 ? weightDecay : 0;
      const change = decay === 0 ? direction : direction.add(parameter.ref.mul(decay));
      next.parameters[name] = parameter.sub(change.mul(rate.ref));
      next.mean[name] = mean;
      next.square[name] = square;
    }
    for (const array of [scale, rate, meanBias, squareBias]) array.dispose();
    return { next, loss, norm };
  });

  const step = async (state: TrainState, batch: TrainBatch, learningRate: number): Promise<TrainResult> => {
    const shape = [batch.batch, batch.length];
    const tokens = np.array(new Int32Array(batch.tokens), { shape, dtype: np.int32 });
    const targets = np.array(new Int32Array(batch.targets), { shape, dtype: np.int32 });
    const done = state.step + 1;
    const rates = np.array([learningRate, 1 / (1 - beta1 ** done), 1 / (1 - beta2 ** done)]);
    const { parameters, mean, square } = state;
    const result = compiled({ parameters, mean, square }, tokens, targets, rates);
    const loss = ((await result.loss.data()) as Float32Array)[0]!;
    const gradientNorm = ((await result.norm.data()) as Float32Array)[0]!;
    return { state: { ...result.next, step: done }, loss, gradientNorm };
  };
  return Object.assign(step, { dispose: () => compiled.dispose() });
}
