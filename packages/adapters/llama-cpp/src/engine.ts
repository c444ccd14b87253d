import { availableParallelism } from "node:os";
import { LichenError, toLichenError, type Hex } from "@lichen/kernel";
import { SlotLine, type Engine, type EngineEvent, type EngineModel, type EngineRequest } from "@lichen/ports";
import type { LlamaContext, LlamaModel } from "node-llama-cpp";
import { Answer } from "./internal/answer.ts";
import { decode, type Job } from "./internal/decode.ts";
import { loadLibrary } from "./internal/library.ts";
import { Prompter } from "./internal/prompt.ts";
import { tryModel } from "./internal/try-model.ts";
import { Vocabulary } from "./internal/vocabulary.ts";

/** Version of the binding, which pins its llama.cpp. */
const VERSION = "3.22.1";
const DEFAULT_SLOTS = 4;
/** llama.cpp's own bound is 256; memory grows with each. */
const MAX_SLOTS = 64;
/** Where the model was trained on more: memory for a context grows with its length. */
const DEFAULT_CONTEXT_TOKENS = 4096;

/** What to serve, and with how much of the machine. */
export type LlamaCppOptions = {
  /** A GGUF file. */
  modelPath: string;
  /** The model hash, as the catalogue has it. Believed. */
  modelId: Hex;
  /** Name as clients ask for it. */
  name: string;
  /**
   * Threads that compute. Default: one less than there are cores. Llama.cpp's threads wait for each
   * other at every step, so with one more than there are free cores it gets slower, not faster.
   */
  threads?: number;
  /** Requests decoded side by side. Default 4. */
  slots?: number;
  /** Prompt and answer of one request. Default: what the model was trained on, at most 4,096. */
  contextTokens?: number;
};

/**
 * An engine on llama.cpp, in this process, on the CPU. The model is tried in a process of its own
 * first, so that a broken file is an error and not the end of this one.
 *
 * The same request with the same seed gives the same text as long as it runs alone; beside others
 * llama.cpp adds up in another order, and the last bits may differ.
 *
 * @throws {LichenError} `model-invalid`, `unsupported-platform`, `bad-argument`
 * @example
 * const engine = await createLlamaCppEngine({ modelPath: "models/shakespeare.gguf", modelId, name: "shakespeare" });
 * for await (const event of engine.generate(request, signal)) if (event.type === "tokens") print(event.text);
 * await engine.stop();
 */
export async function createLlamaCppEngine(options: LlamaCppOptions): Promise<Engine> {
  const { modelPath, slots = DEFAULT_SLOTS, threads = Math.max(1, availableParallelism() - 1) } = options;
  checkCount("slots", slots, MAX_SLOTS);
  checkCount("threads", threads, availableParallelism());
  // Side by side: the trial takes about as long as loading the library.
  const [llama] = await Promise.all([loadLibrary(), tryModel(modelPath)]);
  let model: LlamaModel | undefined;
  try {
    model = await llama.loadModel({ modelPath, gpuLayers: 0 });
    const { trainContextSize } = model;
    const { contextTokens = Math.min(trainContextSize, DEFAULT_CONTEXT_TOKENS) } = options;
    checkCount("contextTokens", contextTokens, trainContextSize);
    const vocabulary = new Vocabulary(model);
    const prompter = new Prompter(model, vocabulary);
    const context = await model.createContext({ contextSize: contextTokens, sequences: slots, threads });
    const described = { id: options.modelId, name: options.name, contextTokens };
    return new LlamaCppEngine(described, slots, { model, context, vocabulary, prompter });
  } catch (error) {
    await model?.dispose();
    throw toLichenError(error, "model-invalid");
  }
}

type Loaded = { model: LlamaModel; context: LlamaContext; vocabulary: Vocabulary; prompter: Prompter };
type Running = { answer: Answer; work: AbortController; done: Promise<void> };

class LlamaCppEngine implements Engine {
  readonly name = `llama.cpp/${VERSION}`;
  readonly model: EngineModel;
  readonly slots: number;
  readonly #loaded: Loaded;
  readonly #line: SlotLine;
  readonly #running = new Set<Running>();
  #stopped: Promise<void> | undefined;

  constructor(model: EngineModel, slots: number, loaded: Loaded) {
    this.model = model;
    this.slots = slots;
    this.#loaded = loaded;
    this.#line = new SlotLine(slots);
  }

  async *generate(request: EngineRequest, signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    this.#line.assertRoom();
    const { contextTokens } = this.model;
    const prompt = this.#loaded.prompter.encode(request.messages, contextTokens - 1);
    yield { type: "prompt", promptTokens: prompt.length };
    const { sampling } = request;
    const maxTokens = Math.min(sampling.maxTokens, contextTokens - prompt.length);
    const { answer, work } = this.#start({ prompt, sampling, maxTokens, answer: new Answer(sampling.stop) });
    // The caller hears at once; the slot follows when the token in hand is done.
    const cancel = (): void => {
      answer.end("cancelled");
      work.abort();
    };
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      yield* answer.events();
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #start(job: Job): Running {
    const work = new AbortController();
    const running = { answer: job.answer, work, done: this.#run(job, work.signal) };
    this.#running.add(running);
    void running.done.then(() => this.#running.delete(running));
    return running;
  }

  async #run(job: Job, signal: AbortSignal): Promise<void> {
    const { context, vocabulary } = this.#loaded;
    let release: (() => void) | undefined;
    try {
      release = await this.#line.acquire(signal);
      await decode(context, vocabulary, job, signal);
    } catch (error) {
      // Changes nothing where the answer is over already: cancelled, or left by its caller.
      job.answer.fail(toEngineError(error));
    } finally {
      release?.();
    }
  }

  async #stop(): Promise<void> {
    const stopped = new LichenError("engine-failed", "the engine was stopped", {
      remedy: "Ask another provider.",
      retryable: true,
    });
    this.#line.close(stopped);
    for (const { answer, work } of this.#running) {
      answer.fail(stopped);
      work.abort();
    }
    await Promise.all([...this.#running].map(({ done }) => done));
    await this.#loaded.context.dispose();
    await this.#loaded.model.dispose();
  }
}

function toEngineError(error: unknown): LichenError {
  if (error instanceof LichenError) return error;
  return new LichenError("engine-failed", "llama.cpp failed on this request", {
    details: error instanceof Error ? error.message : String(error),
    cause: error,
    retryable: true,
  });
}

function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new LichenError("bad-argument", `${name} is not a whole number from 1 to ${max}`, {
    details: String(value),
  });
}
