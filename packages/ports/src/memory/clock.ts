import { LichenError } from "@lichen/kernel";
import type { Clock } from "../clock.ts";

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /**
   * Lets time pass. Sleepers wake in the order they are due (together: in the order they lay down),
   * each at its own time and with room to act, even to sleep again, before the next.
   * @throws {LichenError} `bad-argument` on a time that is negative or no number, `limit-exceeded`
   *   beyond 100,000 wakes
   */
  advance(ms: number): Promise<void>;
  /** How many sleep now. */
  readonly sleepers: number;
}

/**
 * @param startMs the time it shows first, ms since 1970
 * @example
 * const clock = createManualClock(0);
 * const slept = clock.sleep(1000);
 * await clock.advance(1000);
 */
export function createManualClock(startMs: number): ManualClock {
  return new StandingClock(startMs);
}

/** Wakes in one advance; more is somebody sleeping in a circle. */
const mostWakes = 100_000;

type Sleeper = { dueMs: number; wake: () => void };

class StandingClock implements ManualClock {
  /** By due time; of equal ones, the earliest to lie down first. */
  readonly #sleepers: Sleeper[] = [];
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get sleepers(): number {
    return this.#sleepers.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (Number.isNaN(ms)) throw new LichenError("bad-argument", "clock: cannot sleep for NaN ms");
    if (ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const sleeper = { dueMs: this.#nowMs + ms, wake };
      const abort = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal?.reason as Error);
      };
      function wake(): void {
        signal?.removeEventListener("abort", abort);
        resolve();
      }
      signal?.addEventListener("abort", abort, { once: true });
      const later = this.#sleepers.findIndex((other) => other.dueMs > sleeper.dueMs);
      this.#sleepers.splice(later < 0 ? this.#sleepers.length : later, 0, sleeper);
    });
  }

  async advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) {
      throw new LichenError("bad-argument", `clock: cannot advance by ${ms} ms`);
    }
    const untilMs = this.#nowMs + ms;
    await settled();
    for (let wakes = 0; ; wakes++) {
      const next = this.#sleepers[0];
      if (next === undefined || next.dueMs > untilMs) break;
      if (wakes === mostWakes)
        throw new LichenError("limit-exceeded", `clock: ${wakes} wakes in one advance`);
      this.#sleepers.shift();
      this.#nowMs = next.dueMs;
      next.wake();
      await settled();
    }
    this.#nowMs = untilMs;
  }
}

// A turn of the event loop: everything that follows from what has happened has then run.
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
