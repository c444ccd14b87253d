import { blank } from "./blank.ts";

/** An import, re-export, dynamic import or import type in a file. */
export type Import = {
  /** What is imported; empty if it is computed. */
  specifier: string;
  line: number;
  /** Erased before running: `import type`, or every name marked `type`. */
  typeOnly: boolean;
};

/** What the checks need to know of a source file. */
export type Scan = {
  imports: Import[];
  exports: { name: string; line: number }[];
  /** The code without comments and quoted text; see `blank`. */
  code: string;
};

const importPatterns: readonly RegExp[] = [
  /\b(?:import|export)\b(?<names>[^;"'`=()]*?)\bfrom\s*(?=["'])/g,
  /\bimport\s*(?=["'])/g,
  /\b(?:import|require|import\.meta\.resolve)\s*\(\s*/g,
];
const declared =
  /\bexport\s+(?:default\s+)?(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\s*\*?|const|let|class|type|interface)\s+([\w$]+)/g;
const listed = /\bexport\s+(?:type\s+)?\{([^}]*)\}/g;

/** Reads imports and exports out of a source text. */
export function scan(source: string): Scan {
  const code = blank(source);
  const imports: Import[] = [];
  for (const pattern of importPatterns) {
    for (const match of code.matchAll(pattern)) {
      const quoteAt = match.index + match[0].length;
      const names = match.groups?.["names"] ?? "";
      imports.push({
        specifier: quoted(source, code, quoteAt),
        line: lineAt(code, match.index),
        typeOnly: isTypeOnly(names) || /typeof\s*$/.test(code.slice(0, match.index)),
      });
    }
  }
  const exports = [...code.matchAll(declared)].map((match) => ({
    name: match[1] ?? "",
    line: lineAt(code, match.index),
  }));
  for (const match of code.matchAll(listed)) {
    const names = (match[1] ?? "").split(",").flatMap((part) => part.trim().split(/\s+as\s+/));
    const line = lineAt(code, match.index);
    exports.push(...names.filter(Boolean).map((name) => ({ name: name.replace(/^type\s+/, ""), line })));
  }
  return { imports: imports.toSorted((a, b) => a.line - b.line), exports, code };
}

/** The line, from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** The string that starts at a quote; the blanked code has only spaces in it, so its end is plain to see. */
function quoted(source: string, code: string, quoteAt: number): string {
  const quote = code[quoteAt] ?? "";
  if (!["'", '"', "`"].includes(quote)) return "";
  const end = code.indexOf(quote, quoteAt + 1);
  const text = source.slice(quoteAt + 1, end);
  return quote === "`" && text.includes("${") ? "" : text;
}

function isTypeOnly(names: string): boolean {
  if (/^\s+type\s+[\w${*]/.test(names) && !/^\s+type\s+from\b/.test(names)) return true;
  const list = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1];
  const parts =
    list
      ?.split(",")
      .map((part) => part.trim())
      .filter(Boolean) ?? [];
  return parts.length > 0 && parts.every((part) => /^type\s/.test(part));
}
