import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { exec, rootPath } from "./exec.ts";
import { forgeTests } from "./forge-tests.ts";
import { nodeTests } from "./node-tests.ts";
import type { Outcome, Stage, StageContext } from "./stage.ts";

const unitTimeouts = { testTimeoutMs: 120_000, fileTimeoutMs: 300_000 };
const e2eTimeouts = { testTimeoutMs: 300_000, fileTimeoutMs: 600_000 };
const installTimeouts = { testTimeoutMs: 600_000, fileTimeoutMs: 870_000 };
const longTimeouts = { testTimeoutMs: 3_600_000, fileTimeoutMs: 4 * 3_600_000 };
/** Test files start processes of their own: few at once keep their timeouts honest. */
const unitConcurrency: number = Math.min(4, Math.max(2, availableParallelism()));

/** Alone, since it keeps disk and processor busy for a minute: others' waits would run out. */
const installTest = "tools/test/npm-versions.test.ts";

/** What `npm test` runs, in this order. */
export const stages: readonly Stage[] = [
  check("format", "every file is formatted (oxfmt; npm run format repairs)", ["oxfmt", "--check"]),
  check("lint", "no lint, with types (oxlint)", ["oxlint"]),
  check("types", "the types fit (tsc)", ["tsc", "-p", "tsconfig.json"]),
  check("imports", "who imports what (DESIGN, rooms)", ["node", "tools/check/imports.ts"]),
  check(
    "generated",
    "generated files are up to date",
    ["node", "tools/docs/errors.ts", "--check"],
    ["node", "tools/forge/generate.ts", "--check"],
  ),
  { name: "contracts", title: "contracts (forge)", run: forgeTests },
  {
    name: "unit",
    title: "units, adapters and tools (node --test)",
    run: (context) =>
      nodeTests(
        files("{packages,apps,tools,sim}/**/*.test.{ts,mjs}").filter((path) => path !== installTest),
        { concurrency: unitConcurrency, ...unitTimeouts },
        context,
      ),
  },
  {
    name: "e2e",
    title: "whole networks in separate processes (node --test)",
    run: (context) => nodeTests(files("e2e/**/*.test.ts"), { concurrency: 1, ...e2eTimeouts }, context),
  },
  {
    name: "install",
    title: "npm 10, 11 and 12 install everything that running needs (node --test)",
    run: (context) => nodeTests([installTest], { concurrency: 1, ...installTimeouts }, context),
  },
];

/** What `npm run test:long` runs. */
export const longStages: readonly Stage[] = [
  {
    name: "long",
    title: "whole networks, many times over (node --test)",
    run: (context) => nodeTests(files("e2e/**/*.long.ts"), { concurrency: 1, ...longTimeouts }, context),
  },
];

/** A stage that runs commands and wants each to end with 0. */
function check(name: string, title: string, ...commands: [string, ...string[]][]): Stage {
  return {
    name,
    title,
    run: async (context: StageContext): Promise<Outcome> => {
      const outputs: string[] = [];
      for (const [command, ...args] of commands) {
        const { code, stdout, stderr, timedOut } = await exec(command, args, context);
        if (code !== 0)
          outputs.push(`${stdout}${stderr}${timedOut ? "It took too long and was ended." : ""}`.trim());
      }
      return { ok: outputs.length === 0, output: outputs.join("\n\n") };
    },
  };
}

function files(pattern: string): string[] {
  return globSync(pattern, {
    cwd: rootPath,
    exclude: (name) => name === "node_modules" || name === "fixtures",
  }).toSorted();
}
