import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { nodePath } from "./node24.mjs";
import { inForeground } from "./process.mjs";

/** npm passes a terminal's Ctrl-C on although we had it already: the same signal this soon is one. */
const repeatMs = 500;

/**
 * Runs Lichen's Node with these arguments and this terminal until it ends; its exit code, or 128 plus the
 * number of the signal that ended it. Signals are passed on; the child alone decides when to leave.
 *
 * @param {string} root of the clone
 * @param {string[]} argv
 * @param {string} cwd
 * @returns {Promise<number>}
 */
export async function runChild(root, argv, cwd) {
  const node = nodePath(root);
  const child = spawn(node, argv, {
    cwd,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
      NODE: node,
      npm_node_execpath: node,
    },
  });
  const forward = forwarder((signal) => child.kill(signal));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
    });
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}

/**
 * The handler that passes a signal on, once. A terminal sends SIGINT to its whole foreground group, the
 * child included, so there it is not repeated; a program that started us with pipes sends it to us alone.
 */
function forwarder(send) {
  const lastAt = new Map();
  return (signal) => {
    const now = performance.now();
    const repeated = now - (lastAt.get(signal) ?? -Infinity) < repeatMs;
    lastAt.set(signal, now);
    const fromTerminal =
      signal === "SIGINT" && (process.stdin.isTTY || process.stdout.isTTY) && inForeground();
    if (!repeated && !fromTerminal) send(signal);
  };
}
