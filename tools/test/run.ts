import { randomBytes } from "node:crypto";
import { constants } from "node:os";
import { parseArgs } from "node:util";
import { runVariable } from "./exec.ts";
import { killLeftovers, leftovers } from "./leftovers.ts";
import type { Stage } from "./stage.ts";
import { longStages, stages } from "./stages.ts";
import { summary, type StageResult } from "./summary.ts";

const stageTimeoutMs = 15 * 60_000;
const longStageTimeoutMs = 4 * 3_600_000;
/** What a stage has started and not yet ended gets this long to do so. */
const graceMs = 2_000;
const plainProgressMs = 15_000;

const help = `npm test                          every check and test
npm test -- --only unit,lint      these stages alone
npm run test:long                 the long tests

Stages:
${stages.map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join("\n")}
`;

const stop = new AbortController();
const runId = randomBytes(8).toString("hex");

process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = choose();
  if (typeof chosen === "string") {
    process.stdout.write(chosen);
    return chosen === help ? 0 : 2;
  }
  process.env[runVariable] = runId;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => stop.abort(signal));
  }
  const results: StageResult[] = [];
  for (const stage of chosen) {
    results.push(await runStage(stage));
    if (stop.signal.aborted) return 128 + constants.signals[stop.signal.reason as NodeJS.Signals];
  }
  process.stdout.write(`\n${summary(results)}\n`);
  return results.every(({ outcome }) => outcome.ok) ? 0 : 1;
}

/** The stages asked for, or what to print instead. */
function choose(): readonly Stage[] | string {
  let only: string | undefined;
  let long: boolean | undefined;
  try {
    const { values } = parseArgs({
      options: { only: { type: "string" }, long: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help === true) return help;
    ({ only, long } = values);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${help}`;
  }
  if (long === true) return longStages;
  if (only === undefined) return stages;
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) return `No such stage: ${unknown.join(", ")}\n\n${help}`;
  return stages.filter(({ name }) => names.includes(name));
}

async function runStage(stage: Stage): Promise<StageResult> {
  const startedAt = performance.now();
  const shown = show(stage);
  const timeoutMs = longStages.includes(stage) ? longStageTimeoutMs : stageTimeoutMs;
  const outcome = await stage.run({ signal: stop.signal, timeoutMs, progress: shown.progress });
  const left = await endLeftovers();
  if (left !== "" && !stop.signal.aborted) {
    outcome.ok = false;
    outcome.output = `${outcome.output}\n${left}`;
  }
  const elapsedMs = performance.now() - startedAt;
  shown.done(`${outcome.ok ? "✓" : "✗"} ${stage.name} (${(elapsedMs / 1000).toFixed(1)} s)`);
  if (!outcome.ok && !stop.signal.aborted) process.stdout.write(`${outcome.output.trimEnd()}\n\n`);
  return { name: stage.name, outcome, elapsedMs };
}

/** Kills what the stage has left running, and says what it was. */
async function endLeftovers(): Promise<string> {
  const deadline = performance.now() + graceMs;
  let found = leftovers(runId);
  while (found.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    found = leftovers(runId);
  }
  killLeftovers(found);
  return found.map(({ pid, command }) => `Left running, and killed: process ${pid}, ${command}\n`).join("");
}

/** Shows what a stage is at: in one line that changes on a terminal, else now and then. */
function show(stage: Stage): { progress: (text: string) => void; done: (text: string) => void } {
  const out = process.stdout;
  const fancy = out.isTTY && process.env["TERM"] !== "dumb";
  const clear = fancy ? "\r\x1b[2K" : "";
  let latest = stage.title;
  let shownAt = performance.now();
  out.write(`${fancy ? "" : "\n"}${clear}… ${stage.name}: ${latest}${fancy ? "" : "\n"}`);
  return {
    progress(text) {
      latest = text;
      const now = performance.now();
      if (now - shownAt < (fancy ? 100 : plainProgressMs)) return;
      shownAt = now;
      const line = `… ${stage.name}: ${latest}`;
      out.write(fancy ? `${clear}${line.slice(0, out.columns - 1)}` : `${line}\n`);
    },
    done(text) {
      out.write(`${clear}${text}\n`);
    },
  };
}
