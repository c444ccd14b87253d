import { LichenError, limits } from "@lichen/kernel";
import { itemCost, windowBytes } from "./frame.ts";

/** What a call needs of the connection it runs on. */
export type CallHost = {
  /** The call wants no more of its answer. */
  cancel(id: number): void;
  /** The consumer took `bytes`; the answerer may send as much again. */
  credit(id: number, bytes: number): void;
  /** A share of the node's memory for an item that waits, and back. */
  take(bytes: number): boolean;
  give(bytes: number): void;
};

type Waiter = {
  resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  reject: (error: unknown) => void;
};

const finished: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined };

/** The asking side of a request: items wait here until the consumer takes them. */
export class Call implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #start: (call: Call) => CallHost;
  readonly #signal: AbortSignal | undefined;
  /** Set by whoever starts it. */
  id = -1;
  #host: CallHost | undefined;
  #items: Uint8Array[] = [];
  #waiter: Waiter | undefined;
  #over = false;
  #error: unknown = undefined;
  #consumedBytes = 0;
  #openBytes = 0;

  constructor(start: (call: Call) => CallHost, signal: AbortSignal | undefined) {
    this.#start = start;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#host === undefined && !this.#over) this.#begin();
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#host?.give(itemCost(item.length));
      this.#consume(item);
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#over) {
      if (this.#error === undefined) return Promise.resolve(finished);
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error as Error);
    }
    if (this.#waiter !== undefined) {
      return Promise.reject(
        new LichenError("bad-argument", "an answer is read by one reader, one item at a time"),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** Leaves: cancels at the other end unless the answer is complete. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#leave(undefined);
    return Promise.resolve(finished);
  }

  /**
   * An item came. The view is copied where it would keep a much larger buffer alive.
   * @returns false where the peer sent more than it had credit for
   */
  item(view: Uint8Array): boolean {
    const cost = itemCost(view.length);
    this.#openBytes += cost;
    if (this.#openBytes > windowBytes + itemCost(limits.frameBytes)) return false;
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      this.#consume(view);
      waiter.resolve({ done: false, value: view });
    } else if (this.#host?.take(cost) === true) {
      this.#items.push(view.length * 2 < view.buffer.byteLength ? view.slice() : view);
    } else {
      this.#leave(
        new LichenError("limit-exceeded", "too many unread answers wait in memory", { retryable: true }),
      );
    }
    return true;
  }

  /** The answer is complete, or failed: what came before is still read first. */
  over(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#error = error;
    else if (error === undefined) waiter.resolve(finished);
    else waiter.reject(error);
  }

  readonly #onAbort = (): void => this.#leave(this.#signal?.reason);

  #begin(): void {
    if (this.#signal?.aborted === true) return this.over(this.#signal.reason);
    this.#signal?.addEventListener("abort", this.#onAbort);
    try {
      this.#host = this.#start(this);
    } catch (error) {
      this.over(error);
    }
  }

  #consume(item: Uint8Array): void {
    this.#consumedBytes += itemCost(item.length);
    if (this.#over || this.#consumedBytes < windowBytes / 2) return;
    this.#host?.credit(this.id, this.#consumedBytes);
    this.#openBytes -= this.#consumedBytes;
    this.#consumedBytes = 0;
  }

  #leave(error: unknown): void {
    for (const item of this.#items) this.#host?.give(itemCost(item.length));
    this.#items = [];
    if (this.#over) {
      this.#error = undefined;
      return;
    }
    this.over(error);
    this.#host?.cancel(this.id);
  }
}
