import { LichenError } from "@lichen/kernel";

/** Bytes of an answer that may wait for its reader; a charge per item bounds floods of empty ones. */
const windowBytes = 256 * 1024;
const itemCost = (item: Uint8Array): number => item.length + 64;

/** One request on its way between two networks of the same process: items in one direction, room in the other. */
export class Exchange {
  readonly #onOver: (exchange: Exchange) => void;
  readonly #handler: AbortController = new AbortController();
  #items: Uint8Array[] = [];
  #heldBytes = 0;
  #over = false;
  #error: unknown = undefined;
  #wakeReader: () => void = () => undefined;
  #wakeSender: () => void = () => undefined;

  constructor(onOver: (exchange: Exchange) => void) {
    this.#onOver = onOver;
  }

  /** Aborts when nobody reads any more. */
  get signal(): AbortSignal {
    return this.#handler.signal;
  }

  readonly send = async (item: Uint8Array): Promise<void> => {
    while (this.#heldBytes >= windowBytes && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        const before = this.#wakeSender;
        this.#wakeSender = () => {
          before();
          resolve();
        };
      });
    }
    this.signal.throwIfAborted();
    this.#items.push(item.slice());
    this.#heldBytes += itemCost(item);
    this.#wakeReader();
  };

  /** The answer is complete, or failed; what was sent before is still read first. */
  end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#onOver(this);
    this.#wakeReader();
  }

  /** Breaks the exchange at both ends. */
  break(error: LichenError): void {
    this.end(error);
    this.#abort(error);
  }

  async *read(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
    const onAbort = (): void => {
      this.#items = [];
      this.#over = false;
      this.end(signal?.reason);
      this.#abort(cancelled());
    };
    signal?.addEventListener("abort", onAbort);
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#heldBytes -= itemCost(item);
          this.#wake();
          yield item;
        } else if (this.#over) {
          if (this.#error !== undefined) throw this.#error as Error;
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wakeReader = resolve));
        }
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      if (!this.#over) {
        this.end();
        this.#abort(cancelled());
      }
    }
  }

  #abort(reason: LichenError): void {
    this.#handler.abort(reason);
    this.#wake();
  }

  #wake(): void {
    const wake = this.#wakeSender;
    this.#wakeSender = () => undefined;
    wake();
  }
}

const cancelled = (): LichenError => new LichenError("cancelled", "the peer cancelled the request");
