/** What Ctrl-C and its relatives do to a command that has to clean up. */
export type LeaveSignals = {
  /** Aborts at the first: leave in an orderly way. */
  leave: AbortSignal;
  /** Aborts at the second: leave now. */
  hurry: AbortSignal;
  /** Gives the signals back. */
  off(): void;
};

/** npm passes a terminal's Ctrl-C on although we had it already: signals this close are one. */
const repeatMs = 500;

/** @param onFirst told once, when leaving begins */
export function leaveOnSignals(onFirst: () => void): LeaveSignals {
  const leave = new AbortController();
  const hurry = new AbortController();
  let firstAt = 0;
  const onSignal = (): void => {
    if (!leave.signal.aborted) {
      firstAt = performance.now();
      onFirst();
      leave.abort(new Error("interrupted"));
    } else if (performance.now() - firstAt > repeatMs) {
      hurry.abort(new Error("interrupted twice"));
    }
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    leave: leave.signal,
    hurry: hurry.signal,
    off() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
