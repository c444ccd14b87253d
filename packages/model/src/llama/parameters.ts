import { numpy as np } from "@jax-js/jax";
import { LichenError } from "@lichen/kernel";
import { checkLlamaConfig, type LlamaConfig } from "./config.ts";
import { seededNormal } from "../internal/random.ts";
import { llamaShapes } from "./shapes.ts";

/** A model's tensors on a jax-js device, by GGUF name. Owned: dispose with `tree.dispose` or pass on. */
export type LlamaParameters = { [name: string]: np.Array };

/** A model's tensors in ordinary memory, by GGUF name. */
export type LlamaWeights = { [name: string]: Float32Array };

/** Standard deviation of freshly drawn weights (GPT-2's). */
const INITIAL_DEVIATION = 0.02;

/**
 * Fresh weights: ones for the norms, normal draws elsewhere, and the two projections into the residual stream scaled
 * down by the root of twice the depth (GPT-2). The same seed gives the same bits.
 *
 * @throws LichenError `model-invalid` on an impossible configuration.
 */
export function initialWeights(config: LlamaConfig, seed: number): LlamaWeights {
  const normal = seededNormal(seed);
  const residual = 1 / Math.sqrt(2 * checkLlamaConfig(config).blockCount);
  const weights: LlamaWeights = {};
  for (const [name, shape] of Object.entries(llamaShapes(config))) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (shape.length === 1) values.fill(1);
    else {
      const into = name.endsWith("attn_output.weight") || name.endsWith("ffn_down.weight");
      const deviation = INITIAL_DEVIATION * (into ? residual : 1);
      for (let i = 0; i < values.length; i++) values[i] = deviation * normal();
    }
    weights[name] = values;
  }
  return weights;
}

/**
 * Puts weights on jax-js's default device. The caller owns the result.
 *
 * @throws LichenError `model-invalid` when a tensor is missing or has another size than the configuration says.
 */
export function toParameters(weights: LlamaWeights, config: LlamaConfig): LlamaParameters {
  const parameters: LlamaParameters = {};
  for (const [name, shape] of Object.entries(llamaShapes(checkLlamaConfig(config)))) {
    const values = weights[name];
    const size = shape.reduce((a, b) => a * b, 1);
    if (values?.length !== size)
      throw new LichenError("model-invalid", `tensor ${name} does not have the configuration's size`, {
        details: `${values?.length ?? "missing"} instead of ${size}`,
      });
    parameters[name] = np.array(new Float32Array(values), { shape });
  }
  return parameters;
}

/** Copies parameters back into ordinary memory. The caller keeps them: nothing is consumed. */
export async function toWeights(parameters: LlamaParameters): Promise<LlamaWeights> {
  const weights: LlamaWeights = {};
  for (const [name, array] of Object.entries(parameters))
    weights[name] = new Float32Array((await array.ref.data()) as Float32Array<ArrayBuffer>);
  return weights;
}

/** Fresh parameters on jax-js's default device; see {@link initialWeights}. */
export function initParameters(config: LlamaConfig, seed: number): LlamaParameters {
  return toParameters(initialWeights(config, seed), config);
}
