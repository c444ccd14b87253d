import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { progress } from "./progress.mjs";
import { remedy } from "./remedy.mjs";

/** How much of npm's output is kept for the case that it fails. */
const outputLimitBytes = 64 * 1024;

/**
 * Runs npm with progress; its own output is shown only when it fails. Rejects with the remedy.
 *
 * @param {string} root
 * @param {string[]} args
 * @param {string} title
 * @returns {Promise<void>}
 */
export async function npm(root, args, title) {
  const [command, ...prefix] = npmCommand();
  const child = spawn(command, [...prefix, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk) => {
    output = (output + chunk).slice(-outputLimitBytes);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let written = "";
  const shown = progress(title, () => (written = writtenMb(child.pid) ?? written));
  // A terminal's Ctrl-C has reached npm as well: wait for it, so that nothing writes after we have left.
  let stopped = null;
  const stop = (signal) => {
    stopped = signal;
    child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, stop);
  const code = await new Promise((resolve) => {
    child.once("error", (error) => resolve(keep(String(error)) ?? 1));
    child.once("close", (exitCode) => resolve(exitCode ?? 1));
  });
  for (const signal of signals) process.off(signal, stop);
  if (stopped !== null) {
    shown.done("✗", "Stopped; the next start begins the installation again");
    throw Object.assign(new Error(""), { signal: stopped });
  }
  if (code === 0) return shown.done("✓", "Installed");
  shown.done("✗", "Installation failed");
  throw new Error(`${output.trim()}\n\n${remedy(output)}`);
}

/** The npm that started us, so that no second one with other settings takes part. */
function npmCommand() {
  const path = process.env.npm_execpath;
  return path !== undefined && basename(path) === "npm-cli.js" ? [process.execPath, path] : ["npm"];
}

function writtenMb(pid) {
  try {
    const bytes = /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "latin1"))?.[1];
    return `, ${Math.round(Number(bytes) / 1e6)} MB written`;
  } catch {
    return undefined;
  }
}
