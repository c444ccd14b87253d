import module from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Where Node keeps sources that it has stripped and compiled: in the clone, beside what it compiles,
 * so that every home and every process has the benefit. Where it cannot be written, Node goes without.
 */
export const compileCacheDir: string = fileURLToPath(
  new URL("../../../node_modules/.cache/lichen", import.meta.url),
);

/** Uses the cache in this process, for what it imports from now on. */
export function useCompileCache(): void {
  module.enableCompileCache(compileCacheDir);
}

/** Writes down what was compiled so far; Node itself only does so when a process ends by itself. */
export function keepCompiled(): void {
  module.flushCompileCache();
}
