/**
 * Flags are spelled out against NODE_ENV and user configuration. No running package needs an optional one;
 * TypeScript, an optional peer of some, would come in that way. `npm ci` empties node_modules first, so
 * what only lacks the tools gets `npm install`, under which a running network stays whole.
 *
 * @param {"prod" | "dev"} mode wanted
 * @param {"prod" | "dev" | null} present
 * @returns {string[]}
 */
export function npmArgs(mode, present) {
  const common = [
    "--loglevel=error",
    "--no-progress",
    "--no-audit",
    "--no-fund",
    "--bin-links",
    "--package-lock",
    // Packages that ask for a newer Node than this one run on Lichen's own.
    "--no-engine-strict",
    "--include=prod",
  ];
  if (mode === "prod") return ["ci", ...common, "--omit=dev", "--omit=optional"];
  const dev = [...common, "--include=dev", "--include=optional"];
  return present === null ? ["ci", ...dev] : ["install", ...dev, "--no-save"];
}
