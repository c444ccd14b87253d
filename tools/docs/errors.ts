import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codes } from "@lichen/kernel";

const path = join(import.meta.dirname, "..", "..", "docs", "ERRORS.md");

/** The page that explains every error code. A section each, since errors link to `docs/ERRORS.md#CODE`. */
export function errorsPage(catalogue: Readonly<Record<string, string>>): string {
  const sections = Object.entries(catalogue).map(([code, meaning]) => `## ${code}\n\n${meaning}\n`);
  const head =
    "# Errors\n\nEvery error of Lichen carries one of these codes. Generated from `packages/kernel/src/codes.ts` by\n" +
    "`npm run docs:errors`; do not edit.\n";
  return [head, ...sections].join("\n");
}

if (import.meta.main) {
  const page = errorsPage(codes);
  if (!process.argv.includes("--check")) {
    writeFileSync(path, page);
  } else if (readFileSync(path, "utf8") !== page) {
    process.stderr.write(
      "docs/ERRORS.md does not fit packages/kernel/src/codes.ts: run npm run docs:errors\n",
    );
    process.exitCode = 1;
  }
}
