import { LichenError } from "@lichen/kernel";
import type { Clock } from "@lichen/ports";

/** The longest that one timer of Node can wait; a longer sleep is slept in parts. */
const timerMs = 2 ** 31 - 1;

/**
 * This machine's clock. `nowMs` follows the wall clock, which may be set; a sleep lasts as long as it
 * was told whatever happens to that.
 */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    if (Number.isNaN(ms)) throw new LichenError("bad-argument", "clock: cannot sleep for NaN ms");
    const untilMs = performance.now() + ms;
    // Timers round down: one may fire within the last millisecond.
    do await timer(untilMs - performance.now(), signal);
    while (performance.now() < untilMs);
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const handle = setTimeout(fire, Math.min(Math.max(Math.ceil(ms), 0), timerMs));
    signal?.addEventListener("abort", abort, { once: true });
    function fire(): void {
      signal?.removeEventListener("abort", abort);
      resolve();
    }
    function abort(): void {
      clearTimeout(handle);
      reject(signal?.reason as Error);
    }
  });
}
