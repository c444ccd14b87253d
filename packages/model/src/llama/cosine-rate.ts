/** A learning rate that climbs linearly, then falls along half a cosine (arXiv:1608.03983). */
export type CosineSchedule = {
  /** Rate at the top. */
  peak: number;
  /** Rate at the end, as a share of the peak. */
  floor: number;
  warmupSteps: number;
  steps: number;
};

/**
 * The learning rate of a step, counted from 0.
 *
 * @example
 * cosineRate(0, { peak: 1e-3, floor: 0.1, warmupSteps: 100, steps: 2000 }); // 1e-5
 */
export function cosineRate(step: number, { peak, floor, warmupSteps, steps }: CosineSchedule): number {
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
