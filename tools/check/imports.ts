import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { check, type Source } from "./check.ts";
import { toPackage, type Package } from "./packages.ts";

const exclude = (name: string): boolean => name === "node_modules" || name === "fixtures";

/** The sources and packages of the repository at `root`. */
export function load(root: string): { sources: Source[]; packages: Package[] } {
  const manifests = [
    "package.json",
    ...globSync("{packages,apps,sim,e2e,bench,examples}/**/package.json", { cwd: root, exclude }),
  ];
  const packages = manifests.map((path) =>
    toPackage(
      path === "package.json" ? "" : dirname(path),
      JSON.parse(readFileSync(join(root, path), "utf8")),
    ),
  );
  const sources = globSync("{packages,apps,sim,e2e,bench,examples,tools}/**/*.ts", { cwd: root, exclude })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  return { sources, packages };
}

if (import.meta.main) {
  const { sources, packages } = load(process.argv[2] ?? join(import.meta.dirname, "..", ".."));
  const findings = check(sources, packages);
  for (const { path, line, rule, why } of findings)
    process.stdout.write(`${path}:${line}: ${rule}: ${why}\n`);
  process.stdout.write(
    `${sources.length} files in ${packages.length} packages, ${findings.length} findings\n`,
  );
  if (findings.length > 0 || sources.length === 0) process.exitCode = 1;
}
