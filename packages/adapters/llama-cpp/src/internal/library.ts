import { LichenError } from "@lichen/kernel";
import type { Llama } from "node-llama-cpp";

let library: Promise<Llama> | undefined;

/**
 * llama.cpp's prebuilt library for the CPU. Builds nothing and fetches nothing.
 * @throws {LichenError} `unsupported-platform`
 */
export function loadLibrary(): Promise<Llama> {
  // One for the process and never disposed: its native backend is global, so that freeing it for one
  // engine would free it for all.
  library ??= load().catch((error: unknown) => {
    library = undefined;
    throw error;
  });
  return library;
}

async function load(): Promise<Llama> {
  const { getLlama, LlamaLogLevel } = await import("node-llama-cpp");
  try {
    return await getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.disabled,
      // Each context says itself how many it takes.
      maxThreads: 0,
    });
  } catch (cause) {
    throw new LichenError("unsupported-platform", "llama.cpp has no binary that runs on this machine", {
      details: `${process.platform}-${process.arch}`,
      remedy: "Use Linux x64 with glibc, or serve the model from an OpenAI-compatible server.",
      cause,
    });
  }
}
