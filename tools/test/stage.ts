/** How many tests a stage ran, and how they ended. */
export type Tests = { passed: number; failed: number; skipped: number };

/** What a stage found. `output` is shown if it failed; `tests` is absent where a stage checks, not tests. */
export type Outcome = { ok: boolean; output: string; tests?: Tests };

/** What a stage is given. `progress` shows what it is at. */
export type StageContext = { signal: AbortSignal; timeoutMs: number; progress: (text: string) => void };

/** One part of `npm test`. */
export type Stage = {
  name: string;
  /** What it looks at, in a few words. */
  title: string;
  run: (context: StageContext) => Promise<Outcome>;
};
