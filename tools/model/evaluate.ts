import { parseArgs } from "node:util";
import { init, tree } from "@jax-js/jax";
import { LichenError } from "@lichen/kernel";
import { loadLlama, meanLoss, readGguf, toParameters } from "@lichen/model";
import { loadCorpus } from "./corpus.ts";
import { fileSource } from "./file-source.ts";
import { runTool } from "./run-tool.ts";

const help = `Measures a byte-level GGUF llama on the held-out last tenth of a text.

  node tools/model/evaluate.ts MODEL.gguf --corpus PATH

Prints the mean cross-entropy in nats per byte. The held-out text is cut into windows of the model's context that do
not overlap; every byte but the first is predicted once, from its window alone.

Example
  node tools/model/evaluate.ts models/lichen-shakespeare-750k-f16.gguf --corpus shakespeare.txt
`;

/** Below this a vocabulary cannot hold all bytes. */
const BYTE_COUNT = 256;

async function evaluate(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { corpus: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
  });
  if (values.help) return void process.stdout.write(help);
  const remedy = "See --help.";
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0)
    throw new LichenError("bad-argument", "one model is wanted", { details: positionals.join(" "), remedy });
  if (values.corpus === undefined) throw new LichenError("bad-argument", "--corpus is missing", { remedy });

  const source = await fileSource(path);
  try {
    const { config, weights } = await loadLlama(source, await readGguf(source));
    if (config.vocabularySize < BYTE_COUNT)
      throw new LichenError("model-invalid", "the model's tokens are not bytes", {
        details: `${config.vocabularySize} tokens`,
      });
    const corpus = await loadCorpus(values.corpus, config.contextLength);
    await init("wasm");
    const parameters = toParameters(weights, config);
    const loss = await meanLoss(parameters, corpus.heldOut, config);
    tree.dispose(parameters);
    console.log(
      `${path}: ${loss.toFixed(4)} nats per byte over ${corpus.heldOut.length.toLocaleString("en")} bytes`,
    );
  } finally {
    await source.close();
  }
}

await runTool(evaluate);
