import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

/** The repository. */
export const rootPath: string = join(import.meta.dirname, "..", "..");

/** The environment variable by which every process of one test run can be told from all others. */
export const runVariable = "LICHEN_TEST_RUN";

/** How much output of one command is kept; of a longer one, the end. */
const outputLimitChars = 4 * 1024 * 1024;

/** What a command did. */
export type ExecResult = { code: number; stdout: string; stderr: string; timedOut: boolean };

/** How a command is run. `onStdout` sees the output as it comes. */
export type ExecOptions = {
  timeoutMs: number;
  signal: AbortSignal;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  onStdout?: (text: string) => void;
};

/**
 * Runs a command in the repository with its tools first in PATH, and waits for it. A command that takes
 * longer than `timeoutMs`, or whose `signal` is aborted, is killed; what it started is found by
 * `leftovers`.
 *
 * @example
 * const { code } = await exec("oxlint", [], { timeoutMs: 60_000, signal });
 */
export async function exec(command: string, args: string[], options: ExecOptions): Promise<ExecResult> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...options.env,
    PATH: [join(rootPath, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
  };
  // Set by an outer `node --test`: an inner one would report to it instead of to us.
  delete env["NODE_TEST_CONTEXT"];
  const child = spawn(command === "node" ? process.execPath : command, args, {
    cwd: rootPath,
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  const result: ExecResult = { code: 1, stdout: "", stderr: "", timedOut: false };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    result.stdout = (result.stdout + text).slice(-outputLimitChars);
    options.onStdout?.(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    result.stderr = (result.stderr + text).slice(-outputLimitChars);
  });
  const kill = (): boolean => child.kill("SIGKILL");
  const timer = setTimeout(() => {
    result.timedOut = true;
    kill();
  }, options.timeoutMs);
  options.signal.addEventListener("abort", kill, { once: true });
  try {
    await new Promise<void>((resolve) => {
      child.once("error", (error) => {
        result.stderr += `${command}: ${error.message}\n`;
        resolve();
      });
      child.once("exit", (code) => {
        result.code = code ?? 1;
        // A grandchild that outlives the command may hold its pipes open: do not wait for that one.
        setImmediate(() => setTimeout(resolve, 50));
      });
      child.once("close", () => resolve());
    });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", kill);
    child.stdout.destroy();
    child.stderr.destroy();
  }
  return result;
}

/** A file of this repository as people write it: from the root on. */
export function shortPath(path: string): string {
  return path.startsWith(`${rootPath}/`) ? path.slice(rootPath.length + 1) : path;
}
