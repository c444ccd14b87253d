import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { LichenError } from "@lichen/kernel";
import { bounds } from "../bounds.ts";
import { compileCacheDir } from "../compile-cache.ts";
import { startTicks } from "../home/process-identity.ts";
import { outputTail } from "./output-tail.ts";
import { unpackError, type Answer, type Call, type Methods, type Remote } from "./protocol.ts";

/** One running child process. */
export type Child<M extends Methods> = {
  pid: number;
  ticks: string;
  remote: Remote<M>;
  /** Resolves when the process has ended, with why. */
  ended: Promise<{ reason: string; output: string }>;
  /** Asks it to stop; kills it when it has not after `boundMs` or when `hurry` aborts. */
  stop(boundMs: number, hurry?: AbortSignal): Promise<void>;
};

const lastOutputMs = 20;
const entry = fileURLToPath(new URL("../processes/main.ts", import.meta.url));

/**
 * Starts a child process in a role. It loads its code at once and waits for calls.
 * @throws {LichenError} `process-failed` where no process can be started
 */
export function startChild<M extends Methods>(role: string): Child<M> {
  const child = fork(entry, [role], {
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // Five processes load the same sources; also those that they start themselves.
    env: { NODE_COMPILE_CACHE: compileCacheDir, ...process.env },
  });
  const pid = child.pid;
  if (pid === undefined) throw new LichenError("process-failed", `no process can be started for the ${role}`);
  const output = outputTail(child.stdout, child.stderr);
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let calls = 0;

  const ended = new Promise<{ reason: string; output: string }>((resolve) => {
    const end = (reason: string): void => {
      const error = new LichenError("process-failed", `the ${role} process ended: ${reason}`, {
        details: output(),
        retryable: true,
      });
      for (const call of open.values()) call.reject(error);
      open.clear();
      resolve({ reason, output: output() });
    };
    child.once("error", (error) => end(error.message));
    // Not "close": Node never says that once we have disconnected. The last output may still be on its way.
    child.once("exit", (code, signal) => {
      setTimeout(() => end(signal === null ? `exit code ${code}` : `signal ${signal}`), lastOutputMs);
    });
  });

  child.on("message", (message) => {
    const answer = message as Answer;
    const call = open.get(answer.id);
    open.delete(answer.id);
    if (answer.type === "result") call?.resolve(answer.result);
    else call?.reject(unpackError(answer.error));
  });

  const call = (method: string, argument: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      const late = setTimeout(() => {
        open.delete(id);
        reject(
          new LichenError("process-failed", `the ${role} process did not answer ${method} in time`, {
            details: output(),
          }),
        );
      }, bounds.startMs);
      const settle =
        <T>(act: (value: T) => void): ((value: T) => void) =>
        (value) => {
          clearTimeout(late);
          act(value);
        };
      open.set(id, { resolve: settle(resolve), reject: settle(reject) });
      const message: Call = { type: "call", id, method, argument };
      child.send(message, (error) => {
        if (error !== null && open.delete(id))
          settle(reject)(
            new LichenError("process-failed", `the ${role} process is gone`, {
              cause: error,
              details: output(),
            }),
          );
      });
    });

  return {
    pid,
    ticks: startTicks(pid) ?? "gone",
    remote: new Proxy({} as Remote<M>, {
      get: (_target, method) => (argument: unknown) => call(String(method), argument),
    }),
    ended,
    async stop(boundMs, hurry) {
      const kill = (): void => void child.kill("SIGKILL");
      const timer = setTimeout(kill, boundMs);
      hurry?.addEventListener("abort", kill, { once: true });
      if (hurry?.aborted) kill();
      // A child that ended meanwhile cannot be told; `ended` says so.
      else if (child.connected) child.disconnect();
      await ended;
      clearTimeout(timer);
      hurry?.removeEventListener("abort", kill);
    },
  };
}
