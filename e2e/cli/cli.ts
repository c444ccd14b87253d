import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));

/** Starting takes seconds; a machine that is busy ten times over may take minutes. */
export const startMs = 400_000;
export const stopMs = 60_000;

/** One JSON line of `--json`. */
export type Said = Record<string, unknown> & { event?: string };

/** A command that runs, or has run. */
export type Running = {
  child: ChildProcess;
  /** What it has said so far on standard output and standard error. */
  output(): string;
  said(): Said[];
  /** Resolves with the event of this name. @throws where the command ends or time passes without it */
  event(name: string, withinMs: number): Promise<Said>;
  /** Resolves with the exit code. */
  exit(withinMs: number): Promise<number | null>;
};

/** A home of its own, and a mark by which every process started for it can be found. */
export type Place = {
  home: string;
  run(...args: string[]): Running;
  /** Ids of all processes, children's children included, that were started from here and still live. */
  alive(): number[];
};

/** Makes a place; the test's end removes it and whatever still runs there. */
export function place(t: TestContext): Place {
  const home = mkdtempSync(join(tmpdir(), "lichen-e2e-"));
  const mark = `LICHEN_TEST=${randomUUID()}`;
  const alive = (): number[] => marked(mark);
  t.after(async () => {
    for (const pid of alive()) kill(pid);
    await until(() => alive().length === 0, stopMs, "the processes are gone");
    rmSync(home, { recursive: true, force: true });
  });
  const env = {
    ...process.env,
    LICHEN_HOME: home,
    NO_COLOR: "1",
    [mark.split("=")[0] as string]: mark.split("=")[1],
  };
  return { home, alive, run: (...args) => start(args, env) };
}

function start(args: readonly string[], env: NodeJS.ProcessEnv): Running {
  // A group of its own, as a shell gives to each command.
  const child = spawn(process.execPath, [entry, ...args], {
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let all = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      all += text;
      if (stream === child.stdout) stdout += text;
    });
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const said = (): Said[] =>
    stdout
      .split("\n")
      .flatMap((line) => (line.startsWith("{") && line.endsWith("}") ? [JSON.parse(line) as Said] : []));
  return {
    child,
    output: () => all,
    said,
    async event(name, withinMs) {
      const find = (): Said | undefined => said().find((each) => each.event === name);
      await until(() => find() !== undefined || child.exitCode !== null, withinMs, `${name} in:\n${all}`);
      const found = find();
      if (found === undefined) throw new Error(`it ended with ${child.exitCode} before ${name}:\n${all}`);
      return found;
    },
    async exit(withinMs) {
      const late = sleep(withinMs, "late", { ref: false });
      if ((await Promise.race([ended, late])) === "late") throw new Error(`it does not end:\n${all}`);
      return child.exitCode;
    },
  };
}

/** Waits for a condition. */
export async function until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await sleep(50);
  }
}

function marked(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const zombie = / Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\)/, " "));
        return !zombie && readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
      } catch {
        return false;
      }
    });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
