/** A provider's recent record, as the gateway keeps it. */
export type Breaker = { failures: number; openUntilMs: number };

/** Failures in a row before a provider is left alone for a while. */
export const failuresToOpen = 3;
/** How long at first; doubles with each further failure. */
export const openForMs = 2_000;
/** And at most. */
export const openForMaxMs = 60_000;

/** A provider nobody has complained about. */
export const closedBreaker: Breaker = { failures: 0, openUntilMs: 0 };

/** Whether it may be asked now. After `openUntilMs` one more try is allowed. */
export function isAvailable(breaker: Breaker, nowMs: number): boolean {
  return nowMs >= breaker.openUntilMs;
}

/** After a failure that was the provider's. */
export function failed(breaker: Breaker, nowMs: number): Breaker {
  const failures = breaker.failures + 1;
  if (failures < failuresToOpen) return { failures, openUntilMs: breaker.openUntilMs };
  const waitMs = Math.min(openForMs * 2 ** (failures - failuresToOpen), openForMaxMs);
  return { failures, openUntilMs: nowMs + waitMs };
}
