import {
  byteTokenizer,
  continuationTemplate,
  countParameters,
  llamaToGguf,
  writeGguf,
  type LlamaConfig,
  type LlamaWeights,
} from "@lichen/model";
import { writeWhole } from "./file-source.ts";

/** Writes trained weights as a GGUF file with float16 matrices, ready for llama.cpp. */
export async function writeModel(
  path: string,
  weights: LlamaWeights,
  config: LlamaConfig,
  name: string,
): Promise<void> {
  const parameters = countParameters(config).toLocaleString("en");
  const about = {
    name,
    description: `Continues English drama byte by byte: ${parameters} parameters trained from nothing on one small text.`,
    license: "Apache-2.0",
    chatTemplate: continuationTemplate,
  };
  const tokenizer = byteTokenizer(config.vocabularySize);
  await writeWhole(path, writeGguf(llamaToGguf(weights, config, tokenizer, about, "F16")));
}
