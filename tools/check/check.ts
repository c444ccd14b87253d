import { posix } from "node:path";
import { cycle } from "./cycles.ts";
import { effectPatterns, isEffectModule } from "./effects.ts";
import { ownerOf, splitSpecifier, type Package } from "./packages.ts";
import { arrowProblem, isProduct, isPure, isTest, roomOf } from "./rooms.ts";
import { lineAt, scan, type Import, type Scan } from "./scan.ts";

/** A source file; `path` is from the repository's root. */
export type Source = { path: string; text: string };

/** The rules; each has its section in CONTRIBUTING.md. */
export type Rule =
  | "room"
  | "cycle"
  | "relative"
  | "deep"
  | "undeclared"
  | "computed"
  | "word"
  | "test"
  | "effect";

/** A place that breaks a rule. */
export type Finding = { path: string; line: number; rule: Rule; why: string };

type Context = { source: Source; scan: Scan; owner: Package; packages: readonly Package[] };

/** Checks who imports what, and that only adapters and apps reach outside the process. */
export function check(sources: readonly Source[], packages: readonly Package[]): Finding[] {
  const findings: Finding[] = [];
  const graph = new Map<string, Set<string>>();
  for (const source of sources) {
    const owner = ownerOf(source.path, packages);
    if (owner === undefined) continue;
    const context: Context = { source, scan: scan(source.text), owner, packages };
    findings.push(...context.scan.imports.flatMap((found) => checkImport(found, context)));
    findings.push(...checkWords(context), ...checkEffects(context));
    if (owner.dir !== "" && !isTest(source.path)) addEdges(graph, context);
  }
  const found = cycle(graph);
  if (found !== null) {
    const dir = packages.find(({ name }) => name === found[0])?.dir ?? "";
    findings.push({ path: `${dir}/package.json`, line: 1, rule: "cycle", why: found.join(" → ") });
  }
  return findings;
}

function checkImport({ specifier, line, typeOnly }: Import, context: Context): Finding[] {
  const { source, owner, packages } = context;
  const { path } = source;
  const at = (rule: Rule, why: string): Finding[] => [{ path, line, rule, why }];
  if (specifier === "") {
    return isProduct(path) && roomOf(path) !== "app"
      ? at("computed", "the path of an import must be written out, or nobody can check it")
      : [];
  }
  if (specifier.startsWith(".")) return checkRelative(specifier, context, at);
  if (specifier === "node:test" || specifier.startsWith("node:test/")) {
    return isProduct(path) ? at("test", "the product does not know its tests") : [];
  }
  if (specifier.startsWith("node:")) {
    if (!isPure(path) || typeOnly || !isEffectModule(specifier)) return [];
    return at("effect", `${specifier} reaches outside the process: take a port, and leave it to an adapter`);
  }
  const [name, entry] = splitSpecifier(specifier);
  const findings: Finding[] = [];
  const target = packages.find((candidate) => candidate.name === name);
  if (target !== undefined && target !== owner) {
    const problem = arrowProblem(owner.dir === "" ? path : owner.dir, target.dir);
    if (problem !== null) findings.push(...at("room", `${owner.name} must not import ${name}: ${problem}`));
    if (!isEntry(entry, target)) findings.push(...at("deep", `${name} does not export ${entry}`));
  }
  if (!isDeclared(name, context, target)) {
    findings.push(
      ...at("undeclared", `${name} is not a dependency in ${posix.join(owner.dir, "package.json")}`),
    );
  }
  return findings;
}

/** Files around the product may import each other; into a package leads its name only. */
function checkRelative(
  specifier: string,
  { source, owner, packages }: Context,
  at: (rule: Rule, why: string) => Finding[],
): Finding[] {
  const target = posix.normalize(posix.join(posix.dirname(source.path), specifier));
  const other = target.startsWith("..") ? undefined : ownerOf(target, packages);
  if (other !== owner)
    return at("relative", `${specifier} leads out of ${owner.name}: import packages by name`);
  return isProduct(source.path) && isTest(target) ? at("test", `${specifier} is for tests`) : [];
}

function isEntry(entry: string, target: Package): boolean {
  return target.entries.some((key) => {
    const [head = "", tail] = key.split("*");
    return tail === undefined ? key === entry : entry.startsWith(head) && entry.endsWith(tail);
  });
}

/**
 * Tests may also use the tools that the root declares; what stands around the product uses whatever some
 * package of the workspace declares, since all are installed together.
 */
function isDeclared(name: string, context: Context, target: Package | undefined): boolean {
  const { owner, packages, source } = context;
  if (name === owner.name || owner.declared.has(name)) return true;
  if (owner.dir === "") return target !== undefined || packages.some(({ declared }) => declared.has(name));
  return isTest(source.path) && packages.find(({ dir }) => dir === "")?.declared.has(name) === true;
}

const testWords = /^(mock(s|ed)?|faked?|fakes|cheat(s|er|ers)?)$/;
const faultInjection = /fault[^a-z]*inject|inject[^a-z]*fault/i;

function checkWords({ source: { path }, scan: { imports, exports } }: Context): Finding[] {
  if (!isProduct(path)) return [];
  const named = [
    ...imports.map(({ specifier, line }) => ({ name: specifier, line })),
    ...exports,
    { name: path, line: 1 },
  ];
  return named.flatMap(({ name, line }) => {
    const words = name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase());
    const word = words.find((candidate) => testWords.test(candidate)) ?? faultInjection.exec(name)?.[0];
    return word === undefined
      ? []
      : [{ path, line, rule: "word", why: `${name}: the product has no ${word}` }];
  });
}

function checkEffects({ source: { path }, scan: { code } }: Context): Finding[] {
  if (!isPure(path)) return [];
  return effectPatterns.flatMap(({ pattern, what, instead }) =>
    [...code.matchAll(pattern)].map((match): Finding => {
      return {
        path,
        line: lineAt(code, match.index),
        rule: "effect",
        why: `${what}: take ${instead} instead`,
      };
    }),
  );
}

function addEdges(graph: Map<string, Set<string>>, { scan: { imports }, owner, packages }: Context): void {
  const edges = graph.get(owner.name) ?? new Set();
  graph.set(owner.name, edges);
  for (const { specifier } of imports) {
    const [name] = splitSpecifier(specifier);
    if (name !== owner.name && packages.some((candidate) => candidate.name === name)) edges.add(name);
  }
}
