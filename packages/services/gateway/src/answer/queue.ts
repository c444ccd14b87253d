import { LichenError } from "@lichen/kernel";
import type { Queue } from "../context.ts";

/** A first-in, first-out line of at most `maxWaiting`. */
export function createQueue(maxWaiting: number): Queue {
  const waiting = new Set<() => void>();
  return {
    get length() {
      return waiting.size;
    },
    async wait(signal) {
      if (waiting.size >= maxWaiting) {
        throw new LichenError("limit-exceeded", `${maxWaiting} requests are waiting already`, {
          remedy: "try again in a moment",
          retryable: true,
        });
      }
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener("abort", leave);
          resolve();
        };
        const leave = (): void => {
          waiting.delete(wake);
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", leave, { once: true });
        waiting.add(wake);
      });
    },
    wake(count) {
      for (const wake of waiting) {
        if (count-- <= 0) return;
        wake();
      }
    },
  };
}
