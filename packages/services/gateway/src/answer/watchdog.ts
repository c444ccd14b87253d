import { LichenError } from "@lichen/kernel";
import type { Clock } from "@lichen/ports";

/** Aborts its signal when nothing happened for too long. */
export type Watchdog = {
  readonly signal: AbortSignal;
  /** Something happened; the next thing must within `ms`. */
  progress(ms: number): void;
  stop(): void;
};

/** A reason made once: the default one costs a stack trace a request. */
const stopped = new LichenError("cancelled", "the watchdog was stopped");

/** A watchdog that first waits `ms`. It sleeps as long as it can, so that progress costs nothing. */
export function watchdog(clock: Clock, ms: number, parent: AbortSignal): Watchdog {
  const bark = new AbortController();
  const done = new AbortController();
  let dueMs = clock.nowMs() + ms;
  void (async () => {
    for (;;) {
      const leftMs = dueMs - clock.nowMs();
      if (leftMs <= 0) {
        bark.abort(new LichenError("peer-unreachable", "the provider has gone silent", { retryable: true }));
        return;
      }
      await clock.sleep(Math.min(leftMs, checkEveryMs), done.signal);
    }
  })().catch(() => {});
  return {
    signal: AbortSignal.any([parent, bark.signal]),
    progress: (nextMs) => (dueMs = clock.nowMs() + nextMs),
    stop: () => done.abort(stopped),
  };
}

/** A deadline may also move nearer (a client left); noticed this late at most. */
const checkEveryMs = 1_000;
