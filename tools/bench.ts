import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

// `npm run bench -- NAME [ARGS]`: each benchmark is a program of its own that prints a table for people and,
// last, one line of JSON.
const dir = join(import.meta.dirname, "..", "bench");
const names = readdirSync(dir)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -".ts".length))
  .toSorted();
const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  const problem = name === undefined ? "" : `There is no benchmark ${name}.\n`;
  process.stderr.write(
    `${problem}npm run bench -- NAME, where NAME is one of: ${names.join(", ") || "(none yet)"}\n`,
  );
  process.exitCode = 2;
} else {
  const child = spawn(process.execPath, [join(dir, `${name}.ts`), ...args], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the benchmark by itself; anything else is passed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.once("close", (code) => {
    process.exitCode = code ?? 1;
  });
}
