import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { codes, LichenError, type ErrorCode } from "@lichen/kernel";
import { bounds, openHome, runningNetwork, type Home, type RunInfo } from "@lichen/host";
import { homeDir } from "../../defaults.ts";
import { exitCodes } from "../../exit-codes.ts";
import type { Output } from "../../output/output.ts";
import { startSteps } from "../../output/steps.ts";
import type { UpOptions } from "../up.ts";
import { askOnce } from "./ask-once.ts";
import { greet } from "./greet.ts";
import { leaveOnSignals } from "./signals.ts";

const entry = fileURLToPath(new URL("../../main.ts", import.meta.url));
const pollMs = 100;

/** Starts the network in a process of its own session and leaves once it is ready. */
export async function detach(options: UpOptions, out: Output): Promise<number> {
  const home = openHome(homeDir(options.home));
  const steps = startSteps(out);
  steps.waitFor("starting in the background");
  const path = join(home.logs, "up.log");
  const log = openSync(path, "w", 0o600);
  const child = spawn(process.execPath, [entry, "up", "--json", "--no-ask", ...repeat(options)], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  const signals = leaveOnSignals(() => child.kill("SIGTERM"));
  try {
    const info = await readiness(home, child, path, signals.leave);
    if (info === undefined) return exitCodes.interrupted;
    steps.done("network", `process ${info.supervisor.pid}`);
    steps.end();
    if (options.ask) await askOnce(info, out, signals.leave);
    greet(info, home, out, "background");
    return exitCodes.ok;
  } finally {
    steps.end();
    signals.off();
  }
}

async function readiness(
  home: Home,
  child: ReturnType<typeof spawn>,
  log: string,
  leave: AbortSignal,
): Promise<RunInfo | undefined> {
  const deadline = performance.now() + bounds.startMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      if (leave.aborted) return undefined;
      throw (
        lastError(log) ??
        new LichenError("process-failed", "the network ended while it started", { details: `see ${log}` })
      );
    }
    const info = runningNetwork(home);
    if (info?.state === "ready" && info.supervisor.pid === child.pid) return info;
    await sleep(pollMs);
  }
  child.kill("SIGTERM");
  throw new LichenError("process-failed", "the network did not come up in time", { details: `see ${log}` });
}

/** The error that the background process wrote last. */
function lastError(log: string): LichenError | undefined {
  for (const line of readFileSync(log, "utf8").trim().split("\n").reverse()) {
    try {
      const said = JSON.parse(line) as {
        event?: string;
        code: string;
        message: string;
        details?: string;
        remedy?: string;
      };
      if (said.event !== "error" || !Object.hasOwn(codes, said.code)) continue;
      const { message, details, remedy } = said;
      return new LichenError(said.code as ErrorCode, message, {
        ...(details === undefined ? {} : { details }),
        ...(remedy === undefined ? {} : { remedy }),
      });
    } catch {
      // Not every line is JSON.
    }
  }
  return undefined;
}

function repeat({ providers, model, host, port, home }: UpOptions): string[] {
  return [
    "--providers",
    String(providers),
    "--host",
    host,
    ...(model === undefined ? [] : ["--model", model]),
    ...(port === undefined ? [] : ["--port", String(port)]),
    "--home",
    homeDir(home),
  ];
}
