import { fork, type ChildProcess } from "node:child_process";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { LichenError, type ErrorCode } from "@lichen/kernel";

/** What a trial says before it leaves. */
export type TrialMessage =
  | { ok: true }
  | { ok: false; code: ErrorCode; message: string; details: string | undefined; remedy: string | undefined };

/** For a trial of any model, on a machine that is busy ten times over, and per gigabyte of it. */
const TRIAL_TIMEOUT_MS = 180_000;
const TRIAL_TIMEOUT_MS_PER_GB = 30_000;
const MAX_STDERR_CHARS = 2000;

/** Files that passed, as they were then; a process serves a few at most. */
const passed = new Set<string>();

const program = fileURLToPath(new URL("./trial.ts", import.meta.url));
const remedy =
  "Fetch the model again and compare its hash; if it is the same, the publisher's file is broken.";

/**
 * Loads a model in a process of its own and makes one token, once for an unchanged file. llama.cpp trusts much of what a file
 * says and aborts where it turns out wrong: better there than in a provider with work in hand.
 * @throws {LichenError} `model-invalid`, with what was found
 */
export async function tryModel(path: string): Promise<void> {
  const file = await stat(path).catch((cause: unknown) => {
    throw new LichenError("model-invalid", "the model file cannot be found", {
      details: path,
      remedy: "Check the path.",
      cause,
    });
  });
  if (!file.isFile()) {
    throw new LichenError("model-invalid", "the model is not a file", {
      details: path,
      remedy: "Name a .gguf file.",
    });
  }
  const state = [path, file.dev, file.ino, file.size, file.mtimeMs].join(" ");
  if (passed.has(state)) return;
  const timeoutMs = TRIAL_TIMEOUT_MS + (file.size / 1e9) * TRIAL_TIMEOUT_MS_PER_GB;
  const child = fork(program, [path], {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // When it aborts, llama.cpp would look for a debugger to print a backtrace with.
    env: { ...process.env, GGML_NO_BACKTRACE: "1" },
  });
  try {
    const message = await outcome(child, timeoutMs);
    if (!message.ok) {
      throw new LichenError(message.code, `the model cannot be loaded: ${message.message}`, {
        details: message.details === undefined ? path : `${path}: ${message.details}`,
        remedy: message.remedy ?? remedy,
      });
    }
    passed.add(state);
  } finally {
    child.kill("SIGKILL");
  }
}

/** What the trial says, or how it died. */
function outcome(child: ChildProcess, timeoutMs: number): Promise<TrialMessage> {
  return new Promise((resolve) => {
    let stderr = "";
    const failed = (message: string): void => {
      resolve({ ok: false, code: "model-invalid", message, details: lastWords(stderr), remedy: undefined });
    };
    const timer = setTimeout(() => failed(`it takes more than ${Math.round(timeoutMs / 1000)} s`), timeoutMs);
    child.stderr?.on(
      "data",
      (data: Buffer) => (stderr = (stderr + data.toString()).slice(-MAX_STDERR_CHARS)),
    );
    child.once("message", (message) => resolve(message as TrialMessage));
    child.once("error", (error) => failed(error.message));
    // "close", not "exit": by then stderr was read to its end.
    child.once("close", (status, signal) => failed(`llama.cpp ended with ${signal ?? `status ${status}`}`));
    child.once("close", () => clearTimeout(timer));
  });
}

/** The line of llama.cpp's that says why, where there is one. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n");
  return lines.find((line) => /assert|what\(\)|error/i.test(line)) ?? (lines.at(-1) || undefined);
}
