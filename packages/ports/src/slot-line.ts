import { LichenError } from "@lichen/kernel";

/** Requests that an engine lets wait for a slot; one more is refused. */
export const MAX_WAITING_REQUESTS = 256;

type Waiter = { grant: () => void; refuse: (error: unknown) => void };

/** An engine's slots and the line before them: whoever came first goes first. */
export class SlotLine {
  readonly slots: number;
  #free: number;
  #closed: LichenError | undefined;
  // A set keeps the order of arrival and forgets one who leaves in the middle without a search.
  readonly #waiting = new Set<Waiter>();

  constructor(slots: number) {
    this.slots = slots;
    this.#free = slots;
  }

  /** @throws {LichenError} `limit-exceeded` (retryable) when one more would not find a place; what `close` was given */
  assertRoom(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#free > 0 || this.#waiting.size < MAX_WAITING_REQUESTS) return;
    throw new LichenError("limit-exceeded", "too many requests wait for this engine", {
      details: `${MAX_WAITING_REQUESTS} wait for ${this.slots} slots`,
      remedy: "Ask another provider, or again later.",
      retryable: true,
    });
  }

  /**
   * Takes a slot, waiting in line for one. Returns how to give it back; calling that twice is harmless.
   * @throws {LichenError} as `assertRoom`; the signal's reason when aborted while waiting
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    this.assertRoom();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (held) this.#release();
      held = false;
    };
  }

  /** Refuses everybody who waits and everybody who comes from now on. */
  close(error: LichenError): void {
    this.#closed = error;
    for (const waiter of this.#waiting) waiter.refuse(error);
    this.#waiting.clear();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        grant: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
        refuse: (error) => {
          signal.removeEventListener("abort", leave);
          reject(error as Error);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** Hands the slot to the first in line, or puts it back. */
  #release(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(first);
    first.grant();
  }
}
