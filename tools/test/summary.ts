import type { Outcome, Tests } from "./stage.ts";

/** A stage that has run. */
export type StageResult = { name: string; outcome: Outcome; elapsedMs: number };

/**
 * The table at the end of a run, a line for each stage, and last, alone on its line, the total:
 * `12 passed, 0 failed`, with `, 1 skipped` only if there are any.
 */
export function summary(results: readonly StageResult[]): string {
  const rows = results.map(({ name, outcome: { ok, tests }, elapsedMs }) => [
    ok ? "✓" : "✗",
    name,
    tests === undefined ? (ok ? "ok" : "failed") : countText(tests),
    `${(elapsedMs / 1000).toFixed(1)} s`,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const failed = results.filter(({ outcome }) => !outcome.ok).map(({ name }) => name);
  if (failed.length > 0) lines.push("", `Failed: ${failed.join(", ")}`);
  return [...lines, "", countText(total(results))].join("\n");
}

function total(results: readonly StageResult[]): Tests {
  const sum: Tests = { passed: 0, failed: 0, skipped: 0 };
  for (const { tests } of results.map(({ outcome }) => outcome)) {
    sum.passed += tests?.passed ?? 0;
    sum.failed += tests?.failed ?? 0;
    sum.skipped += tests?.skipped ?? 0;
  }
  return sum;
}

function countText({ passed, failed, skipped }: Tests): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
