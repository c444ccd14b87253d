import { join } from "node:path";
import { exec, shortPath } from "./exec.ts";
import type { Report } from "./reporter.ts";
import type { Outcome, StageContext } from "./stage.ts";

/** Output of a failing file that is shown: the end. */
const shownOutputChars = 20_000;

/** How `nodeTests` runs them: a test fails after `testTimeoutMs`, a file that goes on after `fileTimeoutMs`. */
export type NodeTestsOptions = { concurrency: number; testTimeoutMs: number; fileTimeoutMs: number };

/** Runs test files with `node --test`, counting by its events. No files is a failure. */
export async function nodeTests(
  files: readonly string[],
  options: NodeTestsOptions,
  context: StageContext,
): Promise<Outcome> {
  if (files.length === 0) return { ok: false, output: "There is no test file." };
  const seen = new Tally(context.progress);
  const args = [
    "--test",
    `--import=${join(import.meta.dirname, "watchdog.ts")}`,
    `--test-reporter=${join(import.meta.dirname, "reporter.ts")}`,
    `--test-concurrency=${options.concurrency}`,
    `--test-timeout=${options.testTimeoutMs}`,
    ...files,
  ];
  const { code, stderr, timedOut } = await exec("node", args, {
    timeoutMs: context.timeoutMs,
    signal: context.signal,
    env: { LICHEN_TEST_FILE_MS: String(options.fileTimeoutMs) },
    onStdout: (text) => seen.feed(text),
  });
  const { passed, failed, skipped } = seen.counts();
  const ok = code === 0 && seen.complete && failed === 0 && passed > 0;
  const why = timedOut ? "The stage took too long and was ended.\n" : "";
  const quiet = !ok && failed === 0 && !timedOut;
  return {
    ok,
    tests: { passed, failed: ok ? 0 : Math.max(failed, 1), skipped },
    output: ok ? "" : `${seen.failures()}${why}${quiet ? stderr || "No test ran." : ""}`,
  };
}

class Tally {
  complete = false;
  #rest = "";
  #passed = 0;
  #skipped = 0;
  #empty = 0;
  #total: Extract<Report, { type: "total" }> | undefined;
  readonly #failures: Extract<Report, { type: "fail" }>[] = [];
  readonly #output = new Map<string, string>();
  readonly #progress: (text: string) => void;

  constructor(progress: (text: string) => void) {
    this.#progress = progress;
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(JSON.parse(line) as Report);
  }

  #take(report: Report): void {
    switch (report.type) {
      case "pass":
        this.#passed++;
        break;
      case "skip":
        this.#skipped++;
        break;
      case "fail":
        this.#failures.push(report);
        if (report.name === "(file)" && report.text === "The file holds no test.") this.#empty++;
        break;
      case "output":
        this.#output.set(
          report.file,
          ((this.#output.get(report.file) ?? "") + report.text).slice(-shownOutputChars),
        );
        return;
      case "total":
        this.#total = report;
        this.complete = true;
        return;
    }
    const failed = this.#failures.length;
    this.#progress(
      `${this.#passed} passed${failed > 0 ? `, ${failed} failed` : ""}: ${shortPath(report.file)}`,
    );
  }

  /** Node's own total where there is one; it also knows tests that were cancelled. */
  counts(): { passed: number; failed: number; skipped: number } {
    if (this.#total === undefined) {
      return { passed: this.#passed, failed: this.#failures.length, skipped: this.#skipped };
    }
    const { passed, failed, skipped } = this.#total;
    return { passed: passed - this.#empty, failed: failed + this.#empty, skipped };
  }

  failures(): string {
    const files = new Set(this.#failures.map((failure) => failure.file.replace(/:\d+$/, "")));
    const tests = this.#failures.map((f) => `✗ ${f.name}\n  ${shortPath(f.file)}\n${indent(f.text)}\n`);
    const outputs = [...this.#output].filter(([file]) => files.has(file));
    return [
      ...tests,
      ...outputs.map(([file, text]) => `Output of ${shortPath(file)}:\n${indent(text)}\n`),
    ].join("\n");
  }
}

const indent = (text: string): string => text.trimEnd().replace(/^/gm, "    ");
