import { bounds } from "../bounds.ts";

/** When a process died, in ms, newest last; no more than the bound needs. */
export type DeathRecord = readonly number[];

/** What to do about a process that died. */
export type RestartDecision = {
  deaths: DeathRecord;
  action: { type: "restart"; waitMs: number } | { type: "give-up" };
};

/**
 * Decides what follows a death: a restart after a wait that doubles with each death in the window, or,
 * beyond the bound, none.
 */
export function onDeath(deaths: DeathRecord, nowMs: number): RestartDecision {
  const recent = [...deaths.filter((at) => nowMs - at < bounds.restartWindowMs), nowMs];
  if (recent.length > bounds.restarts) return { deaths: recent, action: { type: "give-up" } };
  const waitMs = Math.min(bounds.restartMaxMs, bounds.restartFirstMs * 2 ** (recent.length - 1));
  return { deaths: recent, action: { type: "restart", waitMs } };
}
