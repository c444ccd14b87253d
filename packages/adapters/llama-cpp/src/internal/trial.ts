/**
 * The program behind `tryModel`: checks the file whose path it gets as argument, then loads it and
 * makes one token. It says what it found in one message; a native abort is its death.
 */
import { open } from "node:fs/promises";
import { toLichenError } from "@lichen/kernel";
import { readGguf, type ByteSource } from "@lichen/model/files";
import type { TrialMessage } from "./try-model.ts";

const TRIAL_CONTEXT_TOKENS = 64;
const MAX_LOG_CHARS = 500;

// Whoever asked is gone.
process.once("disconnect", () => process.exit(1));

const [path = ""] = process.argv.slice(2);
try {
  await checkHeader(path);
  await makeToken(path);
  say({ ok: true });
} catch (error) {
  const { code, message, details, remedy } = toLichenError(error, "model-invalid");
  say({ ok: false, code, message, details, remedy });
}

/** First in TypeScript, which names what is wrong and cannot be brought down by it. */
async function checkHeader(modelPath: string): Promise<void> {
  const file = await open(modelPath);
  try {
    const { size } = await file.stat();
    const source: ByteSource = {
      sizeBytes: size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, offset);
        return bytes.subarray(0, bytesRead);
      },
    };
    await readGguf(source);
  } finally {
    await file.close();
  }
}

async function makeToken(modelPath: string): Promise<void> {
  const { LlamaLogLevel, getLlama } = await import("node-llama-cpp");
  let log = "";
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    logger: (_level, message) => (log = (log + message).slice(-MAX_LOG_CHARS)),
    maxThreads: 1,
  });
  try {
    const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
    const context = await model.createContext({ contextSize: TRIAL_CONTEXT_TOKENS, threads: 1 });
    const { bos, eos } = model.tokens;
    const sampling = { temperature: 1, topK: 0, topP: 0.9, seed: 1, yieldEogToken: true };
    for await (const _token of context
      .getSequence()
      .evaluate([bos ?? eos ?? model.tokenize("a")[0]!], sampling))
      break;
  } catch (cause) {
    throw log === "" ? cause : new Error(log.trim(), { cause });
  }
}

function say(message: TrialMessage): void {
  process.send?.(message, () => process.exit(0));
}
