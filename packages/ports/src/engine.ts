import type { Hex } from "@lichen/kernel";
import type { ChatMessage, FinishReason, Sampling } from "@lichen/wire";

/** The model that an engine has loaded. */
export type EngineModel = {
  /** The model hash. */
  id: Hex;
  /** Name as clients ask for it. */
  name: string;
  contextTokens: number;
};

/** What an engine is asked. */
export type EngineRequest = { messages: readonly ChatMessage[]; sampling: Sampling };

/**
 * What an engine answers: first the prompt's size, then text as it is made (never half a character),
 * last the reason it ended. `tokens` are the ids behind `text`; they may run ahead of it by a
 * character that is not complete yet.
 */
export type EngineEvent =
  | { type: "prompt"; promptTokens: number }
  | { type: "tokens"; text: string; tokens: number[] }
  | { type: "end"; finishReason: Exclude<FinishReason, "failed"> };

/** Runs one model. */
export interface Engine {
  readonly model: EngineModel;
  /** Engine and version, such as `llama.cpp/3.22.1`. */
  readonly name: string;
  /** Requests it decodes side by side; more wait in line. */
  readonly slots: number;
  /**
   * Answers. Aborting `signal` stops the work within a token and ends the iteration with the event
   * `end`/`cancelled`, so that what was made can still be paid for. Leaving the iteration gives the slot back.
   * @throws {LichenError} `context-overflow`, `bad-argument` where the model's template refuses the messages,
   *   `limit-exceeded` (retryable) where the line is full: all before the first token; `engine-failed` (retryable)
   */
  generate(request: EngineRequest, signal: AbortSignal): AsyncIterable<EngineEvent>;
  /** Ends what is running or waiting with `engine-failed` (retryable) and lets go of the model. Twice is harmless. */
  stop(): Promise<void>;
}
