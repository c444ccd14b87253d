import { exec } from "./exec.ts";
import type { Outcome, StageContext, Tests } from "./stage.ts";

type ForgeReport = Record<
  string,
  { test_results: Record<string, { status: string; reason: string | null }> }
>;

/** Runs the contracts' tests with forge, counting by its JSON report. */
export async function forgeTests(context: StageContext): Promise<Outcome> {
  const { code, stdout, stderr, timedOut } = await exec(
    "node",
    ["tools/forge/forge.ts", "test", "--json"],
    context,
  );
  const report = parse(stdout);
  if (report === null) {
    const why = timedOut ? "forge took too long and was ended.\n" : "forge gave no report.\n";
    return { ok: false, tests: { passed: 0, failed: 1, skipped: 0 }, output: `${why}${stdout}${stderr}` };
  }
  return judge(report, code);
}

/** Counts a report of `forge test --json`. No test at all is a failure, whatever the exit code says. */
export function judge(report: ForgeReport, code: number): Outcome {
  const tests: Tests = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  for (const [suite, { test_results: results }] of Object.entries(report)) {
    for (const [name, { status, reason }] of Object.entries(results)) {
      if (status === "Success") tests.passed++;
      else if (status === "Skipped") tests.skipped++;
      else {
        tests.failed++;
        failures.push(`✗ ${name}\n  ${suite}\n    ${reason ?? status}\n`);
      }
    }
  }
  const ok = code === 0 && tests.failed === 0 && tests.passed > 0;
  if (!ok && tests.failed === 0) {
    tests.failed = 1;
    failures.push(tests.passed === 0 ? "forge ran no test." : `forge ended with ${code}.`);
  }
  return { ok, tests, output: failures.join("\n") };
}

/** forge prints the report on one line; what it says while compiling may stand before. */
function parse(stdout: string): ForgeReport | null {
  const line = stdout.split("\n").findLast((text) => text.startsWith("{"));
  try {
    return line === undefined ? null : (JSON.parse(line) as ForgeReport);
  } catch {
    return null;
  }
}
