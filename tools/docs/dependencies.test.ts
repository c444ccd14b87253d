import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const manifests = globSync("{.,packages/**,apps/*}/package.json", {
  cwd: root,
  exclude: (name) => name === "node_modules",
});
const dependencies = manifests.flatMap((path) => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, path), "utf8")) as {
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  return Object.entries({ ...dependencies, ...devDependencies });
});
const foreign = dependencies.filter(([name]) => !name.startsWith("@lichen/"));

describe("dependencies", () => {
  it("are each explained in docs/DEPENDENCIES.md, and nothing else is", () => {
    const page = readFileSync(join(root, "docs", "DEPENDENCIES.md"), "utf8");
    const explained = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => String(match[1]));
    assert.deepEqual(explained.toSorted(), [...new Set(foreign.map(([name]) => name))].toSorted());
  });

  it("have exact versions", () => {
    const loose = foreign.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    assert.deepEqual(loose, []);
  });
});
