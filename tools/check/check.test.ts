import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { check, type Rule } from "./check.ts";
import { toPackage } from "./packages.ts";

const dependencies = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, "0.1.0"]));

const all = dependencies("@lichen/kernel", "@lichen/wire", "@lichen/money", "@lichen/ports");
const packages = [
  toPackage("", { name: "lichen", devDependencies: dependencies("fast-check") }),
  toPackage("packages/kernel", {
    name: "@lichen/kernel",
    exports: { ".": "./src/index.ts" },
    dependencies: all,
  }),
  toPackage("packages/wire", {
    name: "@lichen/wire",
    exports: { ".": "" },
    dependencies: { ...all, zod: "4" },
  }),
  toPackage("packages/money", { name: "@lichen/money", exports: { ".": "" }, dependencies: all }),
  toPackage("packages/ports", {
    name: "@lichen/ports",
    exports: { ".": "", "./memory": "", "./vectors/*.json": "" },
    dependencies: all,
  }),
  toPackage("packages/adapters/evm", {
    name: "@lichen/adapter-evm",
    exports: { ".": "" },
    dependencies: all,
  }),
  toPackage("packages/services/gateway", {
    name: "@lichen/gateway",
    exports: { ".": "" },
    dependencies: { ...all, ...dependencies("@lichen/provider", "@lichen/adapter-evm") },
  }),
  toPackage("packages/services/provider", {
    name: "@lichen/provider",
    exports: { ".": "" },
    dependencies: all,
  }),
  toPackage("apps/host", {
    name: "@lichen/host",
    exports: { ".": "" },
    dependencies: { ...all, ...dependencies("@lichen/gateway", "@lichen/adapter-evm", "@lichen/cli") },
  }),
  toPackage("apps/cli", {
    name: "@lichen/cli",
    exports: { ".": "" },
    dependencies: dependencies("@lichen/host"),
  }),
];

const rules = (path: string, text: string): Rule[] =>
  check([{ path, text }], packages).map(({ rule }) => rule);

const gateway = "packages/services/gateway/src/a.ts";
const host = "apps/host/src/a.ts";
const e2e = "e2e/a.test.ts";

/** What each text at each path must be told: the rules, in order. */
const cases: [why: string, path: string, text: string, expected: Rule[]][] = [
  [
    "a service may use ports and pure rooms",
    gateway,
    `import { a } from "@lichen/ports";\nimport { b } from "@lichen/money";`,
    [],
  ],
  ["a service must not import another", gateway, `import { a } from "@lichen/provider";`, ["room"]],
  ["nor an adapter, not even its types", gateway, `import type { A } from "@lichen/adapter-evm";`, ["room"]],
  ["nor by re-export", gateway, `export * from "@lichen/adapter-evm";`, ["room"]],
  ["nor dynamically", gateway, `const a = await import("@lichen/adapter-evm");`, ["room"]],
  ["nor as an import type", gateway, `type A = import("@lichen/adapter-evm").A;`, ["room"]],
  [
    "nor in an import over several lines",
    gateway,
    `import {\n  a,\n  b,\n} from\n  "@lichen/provider";`,
    ["room"],
  ],
  ["an adapter may use ports", "packages/adapters/evm/src/a.ts", `import "@lichen/ports";`, []],
  ["nothing pure imports ports", "packages/money/src/a.ts", `import { a } from "@lichen/ports";`, ["room"]],
  ["money may use wire", "packages/money/src/a.ts", `import { a } from "@lichen/wire";`, []],
  ["wire must not use money", "packages/wire/src/a.ts", `import { a } from "@lichen/money";`, ["room"]],
  ["the kernel imports nothing", "packages/kernel/src/a.ts", `import { a } from "@lichen/wire";`, ["room"]],
  [
    "ports must not use a service",
    "packages/ports/src/a.ts",
    `import "@lichen/gateway";`,
    ["room", "undeclared"],
  ],
  [
    "apps may use services and adapters",
    host,
    `import "@lichen/gateway";\nimport "@lichen/adapter-evm";`,
    [],
  ],
  ["around the product everything may be used undeclared", e2e, `import { a } from "@lichen/gateway";`, []],
  ["also what one of ours declares", e2e, `import { a } from "zod";`, []],
  ["but nothing else", e2e, `import { a } from "undeclared";`, ["undeclared"]],
  [
    "support for tests",
    "packages/money/src/testing.ts",
    `import "node:test";\nimport fc from "fast-check";`,
    [],
  ],
  ["is not for the product", "packages/money/src/a.ts", `import { a } from "./testing/b.ts";`, ["test"]],
  ["but for tests", "packages/money/src/a.test.ts", `import { a } from "./testing.ts";`, []],
  [
    "no relative path out of a package",
    gateway,
    `import { a } from "../../provider/src/a.ts";`,
    ["relative"],
  ],
  ["nor out of e2e into a package", e2e, `import { a } from "../packages/kernel/src/a.ts";`, ["relative"]],
  ["nor out of the repository", e2e, `import { a } from "../../x.ts";`, ["relative"]],
  ["e2e may import sim", e2e, `import { a } from "../sim/world.ts";`, []],
  ["within a package it may", gateway, `import { a } from "../src/b.ts";`, []],
  ["only what exports names", gateway, `import { a } from "@lichen/ports/src/a.ts";`, ["deep"]],
  ["a named entry", gateway, `import { a } from "@lichen/ports/memory";`, []],
  [
    "an entry with a star",
    gateway,
    `import a from "@lichen/ports/vectors/leaf.json" with { type: "json" };`,
    [],
  ],
  ["undeclared packages", gateway, `import { z } from "zod";`, ["undeclared"]],
  ["undeclared sub-paths", gateway, `import { z } from "zod/v4";`, ["undeclared"]],
  ["declared ones", "packages/wire/src/a.ts", `import { z } from "zod";`, []],
  ["tests may use the root's tools", "packages/money/src/a.test.ts", `import fc from "fast-check";`, []],
  ["the product may not", "packages/money/src/a.ts", `import fc from "fast-check";`, ["undeclared"]],
  ["a computed import", gateway, "const a = await import(name);", ["computed"]],
  ["a computed template import", gateway, "const a = await import(`./${name}.ts`);", ["computed"]],
  ["the product knows no node:test", gateway, `import { mock } from "node:test";`, ["test"]],
  ["a test does", "packages/services/gateway/src/a.test.ts", `import { mock } from "node:test";`, []],
  [
    "so does a compliance suite",
    "packages/ports/src/compliance/a.ts",
    `import { test } from "node:test";`,
    [],
  ],
  ["an exported fake", gateway, "export class FakeLedger {}", ["word"]],
  ["an exported mock in a list", gateway, "export { ledger as mockLedger };", ["word"]],
  ["an import of a cheat", gateway, `import { a } from "./cheat.ts";`, ["word"]],
  ["a file of fault injection", "packages/money/src/fault-injection.ts", "", ["word"]],
  ["a fault that nobody injects, and default", host, "export const networkFault = 1;\nexport default 2;", []],
  ["a fake in sim", "sim/fake.ts", "export const fake = 1;", []],
  ["the file system", gateway, `import { readFile } from "node:fs/promises";`, ["effect"]],
  [
    "every other module that reaches out",
    gateway,
    `import { Worker } from "node:worker_threads";`,
    ["effect"],
  ],
  ["a harmless module", gateway, `import { join } from "node:path";`, []],
  ["types of the listener", gateway, `import type { Server } from "node:http";`, []],
  ["types of it, one by one", gateway, `import { type Server, type Socket } from "node:http";`, []],
  ["types and a value", gateway, `import { type Server, createServer } from "node:http";`, ["effect"]],
  ["Date.now", gateway, "const a = Date.now();", ["effect"]],
  ["new Date()", gateway, "const a = new Date();", ["effect"]],
  ["new Date", gateway, "const a = new Date;", ["effect"]],
  ["a given date", gateway, "const a = new Date(seconds * 1000);", []],
  ["performance.now", gateway, "const a = performance.now();", ["effect"]],
  ["AbortSignal.timeout", gateway, "const a = AbortSignal.timeout(5);", ["effect"]],
  ["Math.random", gateway, "const a = Math.random();", ["effect"]],
  ["setTimeout", gateway, "setTimeout(() => {}, 5);", ["effect"]],
  ["setInterval of globalThis", gateway, "globalThis.setInterval(() => {}, 5);", ["effect"]],
  ["a port's setTimeout", gateway, "clock.setTimeout(5);", []],
  ["fetch", gateway, `const a = await fetch("x");`, ["effect"]],
  ["getRandomValues", gateway, "crypto.getRandomValues(bytes);", ["effect"]],
  ["process", gateway, "const a = process.env;", ["effect"]],
  ["inside a template's code", gateway, "const a = `x ${`y ${Date.now()}`} z`;", ["effect"]],
  [
    "after a regular expression with a quote",
    gateway,
    "const a = /[/\"]'/.test(b); const c = Date.now();",
    ["effect"],
  ],
  ["after a division", gateway, "const a = b / c; const d = Date.now() / 2;", ["effect"]],
  ["the memory twins of ports", "packages/ports/src/memory/a.ts", "const a = Date.now();", ["effect"]],
  ["tests are free", "packages/money/src/a.test.ts", "const a = Date.now(); setTimeout(b, 1);", []],
  ["adapters are free", "packages/adapters/evm/src/a.ts", `import "node:fs"; const a = Date.now();`, []],
  ["apps are free", host, "process.exit(Date.now());", []],
  ["words in comments", gateway, "// Date.now()\n/* import 'node:fs'; */ /** `fetch(` */ const a = 1;", []],
  [
    "words in strings",
    gateway,
    `const a = "Date.now()" + 'it\\'s fetch(x)' + \`process.env \${b} Math.random()\`;`,
    [],
  ],
  ["a package in no room", "packages/other/src/a.ts", `import "@lichen/kernel";`, ["room"]],
];

describe("check", () => {
  for (const [why, path, text, expected] of cases) {
    it(why, () => assert.deepEqual(rules(path, text), expected));
  }

  it("names file, line and reason", () => {
    const [finding] = check([{ path: gateway, text: `\n\nimport { a } from "@lichen/provider";` }], packages);
    assert.equal(finding?.path, gateway);
    assert.equal(finding.line, 3);
    assert.match(finding.why, /@lichen\/gateway must not import @lichen\/provider/);
  });

  it("finds a cycle between packages, but not one that only tests close", () => {
    const one = { path: "apps/host/src/a.ts", text: `import "@lichen/cli";` };
    const other = `import "@lichen/host";`;
    const found = check([one, { path: "apps/cli/src/a.ts", text: other }], packages);
    assert.deepEqual(
      found.map(({ rule, why }) => [rule, why]),
      [["cycle", "@lichen/host → @lichen/cli → @lichen/host"]],
    );
    assert.deepEqual(check([one, { path: "apps/cli/src/a.test.ts", text: other }], packages), []);
  });
});
