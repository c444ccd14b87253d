import type { Price } from "@lichen/wire";
import { isAvailable, type Breaker } from "./breaker.ts";

/** What the gateway knows of a provider that could answer. */
export type Candidate = {
  price: Price;
  /** Requests it answers side by side. */
  slots: number;
  /** Requests of ours it is answering. */
  inFlight: number;
  breaker: Breaker;
  /** When we last chose it; ties go to the one that has waited longest. */
  lastChosenAtMs: number;
};

/**
 * Order in which to ask: cheapest for a typical answer, made dearer by its load, so that equal
 * providers share the work and a cheap one is not buried. Those behind an open breaker are left out.
 */
export function rank<C extends Candidate>(candidates: readonly C[], nowMs: number): C[] {
  return candidates
    .filter((candidate) => isAvailable(candidate.breaker, nowMs))
    .sort((a, b) => score(a) - score(b) || a.lastChosenAtMs - b.lastChosenAtMs);
}

/** Price per million tokens of input and output together, times the load after this request. */
function score(candidate: Candidate): number {
  const price = Number(candidate.price.inputUnitsPerMTok + candidate.price.outputUnitsPerMTok);
  return (price + 1) * (1 + candidate.inFlight / candidate.slots);
}
