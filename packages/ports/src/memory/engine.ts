import { LichenError } from "@lichen/kernel";
import type { Clock } from "../clock.ts";
import type { Engine, EngineEvent, EngineModel, EngineRequest } from "../engine.ts";
import { SlotLine } from "../slot-line.ts";
import { StopCutter } from "../stop-cutter.ts";

/** What a scripted engine says, and how long it takes. */
export type ScriptedEngineOptions = {
  model: EngineModel;
  /** Requests it answers side by side. */
  slots: number;
  /** The answer, token by token; it is cut at `maxTokens`, at the context and at stop strings. */
  answer: (request: EngineRequest) => readonly string[];
  /** From taking a slot to the first token. Default 0: no timer at all. */
  delayMs?: number;
  /** From one token to the next. Default 0: no timer at all. */
  tokenDelayMs?: number;
};

/**
 * An engine that reads its answers from a script in constant time. A prompt has one token a word, at
 * least one; a token's id is its place in the answer. Temperature, `topP` and seed change nothing.
 *
 * @example
 * const model = { id: "0x01", name: "echo", contextTokens: 1024 } as const;
 * const answer = ({ messages }) => messages.at(-1).content.split(/(?<= )/);
 * const engine = createScriptedEngine({ clock }, { model, slots: 8, delayMs: 5, answer });
 */
export function createScriptedEngine(components: { clock: Clock }, options: ScriptedEngineOptions): Engine {
  return new ScriptedEngine(components.clock, options);
}

class ScriptedEngine implements Engine {
  readonly name = "scripted/1";
  readonly #clock: Clock;
  readonly #options: ScriptedEngineOptions;
  readonly #line: SlotLine;
  readonly #running = new Set<AbortController>();
  #stopped = false;

  constructor(clock: Clock, options: ScriptedEngineOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#line = new SlotLine(options.slots);
  }

  get model(): EngineModel {
    return this.#options.model;
  }

  get slots(): number {
    return this.#options.slots;
  }

  async *generate(request: EngineRequest, signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    this.#line.assertRoom();
    const promptTokens = countWords(request);
    const maxTokens = Math.min(request.sampling.maxTokens, this.model.contextTokens - promptTokens);
    if (maxTokens < 1) {
      throw new LichenError("context-overflow", "the prompt does not fit the context", {
        details: `${promptTokens} of ${this.model.contextTokens} tokens`,
      });
    }
    yield { type: "prompt", promptTokens };
    // Ends when the caller cancels or the engine stops, whichever comes first.
    const work = new AbortController();
    const cancel = (): void => work.abort(signal.reason);
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    this.#running.add(work);
    let release: (() => void) | undefined;
    try {
      release = await this.#line.acquire(work.signal);
      yield* this.#say(request, maxTokens, work.signal);
    } catch (error) {
      if (!work.signal.aborted) throw error;
    } finally {
      release?.();
      this.#running.delete(work);
      signal.removeEventListener("abort", cancel);
    }
    if (this.#stopped && work.signal.aborted) throw stopped();
    if (work.signal.aborted) yield { type: "end", finishReason: "cancelled" };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#line.close(stopped());
    for (const work of this.#running) work.abort(stopped());
  }

  /** The answer up to its end, or up to where `signal` aborts: then without an `end`. */
  async *#say(request: EngineRequest, maxTokens: number, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const { answer, delayMs = 0, tokenDelayMs = 0 } = this.#options;
    const pieces = answer(request);
    const cutter = new StopCutter(request.sampling.stop);
    const count = Math.min(maxTokens, pieces.length);
    try {
      for (let i = 0; i < count && !cutter.stopped; i++) {
        const waitMs = i === 0 ? delayMs : tokenDelayMs;
        if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
        signal.throwIfAborted();
        yield { type: "tokens", text: cutter.push(pieces[i] as string), tokens: [i] };
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    const rest = cutter.flush();
    if (rest !== "") yield { type: "tokens", text: rest, tokens: [] };
    if (signal.aborted) return;
    yield { type: "end", finishReason: cutter.stopped || count < maxTokens ? "stop" : "length" };
  }
}

function countWords({ messages }: EngineRequest): number {
  let words = 0;
  for (const { content } of messages) words += content.match(/\S+/g)?.length ?? 0;
  return Math.max(1, words);
}

function stopped(): LichenError {
  return new LichenError("engine-failed", "the engine was stopped", {
    remedy: "Ask another provider.",
    retryable: true,
  });
}
