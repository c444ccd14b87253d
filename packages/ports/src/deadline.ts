import { LichenError } from "@lichen/kernel";
import type { Clock } from "./clock.ts";

/** A reason made once: the default one costs a stack trace. */
const inTime = new LichenError("cancelled", "the work ended in time");

/**
 * Runs `work` with a signal that aborts when `signal` does or when `ms` have passed.
 * @throws {LichenError} `limit-exceeded`, retryable, when time ran out first; else what `work` throws
 * @example await within(clock, 5_000, signal, (signal) => ask(network, peer, "settle", message, schema, signal))
 */
export async function within<Out>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Out>,
): Promise<Out> {
  const timer = new AbortController();
  const late = new AbortController();
  const alarm = clock.sleep(ms, timer.signal).then(
    () => late.abort(new LichenError("limit-exceeded", `no answer within ${ms} ms`, { retryable: true })),
    () => {},
  );
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    timer.abort(inTime);
    await alarm;
  }
}
