import type { LichenError } from "@lichen/kernel";
import { StopCutter, type EngineEvent } from "@lichen/ports";

type End = Extract<EngineEvent, { type: "end" }>["finishReason"];

/**
 * An answer between the engine that makes it and the caller who reads it. The engine never waits for
 * the caller: what was not read yet is handed over in one piece, so that a slow reader keeps no slot.
 * It holds at most one context of tokens.
 */
export class Answer {
  readonly #cutter: StopCutter;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #text = "";
  #tokens: number[] = [];
  #end: End | undefined;
  #error: LichenError | undefined;
  #wake: () => void = () => undefined;

  constructor(stops: readonly string[]) {
    this.#cutter = new StopCutter(stops);
  }

  /** Adds a token; true when it completed a stop string, with which the answer is over. */
  add(token: number, bytes: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#tokens.push(token);
    this.#text += this.#cutter.push(this.#decoder.decode(bytes, { stream: true }));
    if (this.#cutter.stopped) this.end("stop");
    else if (this.#text !== "") this.#wake();
    return this.#cutter.stopped;
  }

  /** Nothing follows; a character that is not complete by now is dropped. Later calls change nothing. */
  end(reason: End): void {
    if (this.#isOver) return;
    this.#text += this.#cutter.flush();
    this.#end = reason;
    this.#wake();
  }

  /** The same where it went wrong: `events` throws when all before was read. */
  fail(error: LichenError): void {
    if (this.#isOver) return;
    this.#error = error;
    this.#wake();
  }

  /** To be read once. */
  async *events(): AsyncGenerator<EngineEvent, void, void> {
    for (;;) {
      const isOver = this.#isOver;
      if (this.#text !== "" || (isOver && this.#tokens.length > 0)) yield this.#take();
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#end !== undefined) return yield { type: "end", finishReason: this.#end };
      else await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  get #isOver(): boolean {
    return this.#end !== undefined || this.#error !== undefined;
  }

  #take(): EngineEvent {
    const event: EngineEvent = { type: "tokens", text: this.#text, tokens: this.#tokens };
    this.#text = "";
    this.#tokens = [];
    return event;
  }
}
