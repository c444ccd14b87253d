#!/usr/bin/env node
// Lets forge compile with the npm package `solc`, the compiler built to WebAssembly: forge expects an
// executable that answers `--version` and `--standard-json`, and npm's `solcjs` answers neither its way.
// Plain JavaScript, so that it runs on whatever Node `env` finds.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");
const args = process.argv.slice(2);

if (args.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (args.includes("--standard-json")) {
  // forge hands over every source in the request, so that no import callback is needed: a missing
  // source is a compile error.
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write(`solc.mjs: answers --version and --standard-json, not: ${args.join(" ")}\n`);
  process.exitCode = 2;
}
