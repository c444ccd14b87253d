/** Modules of Node that touch nothing outside the process. */
const harmlessModules = new Set([
  "node:assert",
  "node:assert/strict",
  "node:async_hooks",
  "node:buffer",
  "node:events",
  "node:path",
  "node:stream",
  "node:string_decoder",
  "node:url",
  "node:util",
  "node:util/types",
]);

/** Whether a module of Node reaches outside the process. */
export function isEffectModule(specifier: string): boolean {
  return specifier.startsWith("node:") && !harmlessModules.has(specifier);
}

/** Not a property of something else: `clock.setTimeout(` is somebody's port. */
const free = String.raw`(?<![.\w$])`;

/** Expressions that reach outside the process, with the port that stands for each. */
export const effectPatterns: readonly { pattern: RegExp; what: string; instead: string }[] = [
  { pattern: /\bDate\s*\.\s*now\b/g, what: "Date.now", instead: "the Clock port" },
  { pattern: /\bnew\s+Date\s*(?:\(\s*\)|(?![\s(\w]))/g, what: "new Date()", instead: "the Clock port" },
  {
    pattern: /\bperformance\s*\.\s*(?:now|timeOrigin)\b/g,
    what: "performance.now",
    instead: "the Clock port",
  },
  { pattern: /\bAbortSignal\s*\.\s*timeout\b/g, what: "AbortSignal.timeout", instead: "the Clock port" },
  {
    pattern: new RegExp(String.raw`${free}(?:globalThis\s*\.\s*)?set(?:Timeout|Interval)\s*\(`, "g"),
    what: "a timer",
    instead: "the Clock port",
  },
  { pattern: /\bMath\s*\.\s*random\b/g, what: "Math.random", instead: "the Random port" },
  {
    pattern: /\bcrypto\s*\.\s*(?:getRandomValues|randomUUID|randomBytes|subtle)\b/g,
    what: "crypto",
    instead: "the Random or Signer port",
  },
  {
    pattern: new RegExp(String.raw`${free}(?:globalThis\s*\.\s*)?fetch\s*\(`, "g"),
    what: "fetch",
    instead: "an adapter",
  },
  { pattern: new RegExp(String.raw`${free}process\s*\.`, "g"), what: "process", instead: "an option" },
];
