/**
 * The source with every comment and the inside of every string, template text and regular expression
 * replaced by spaces; offsets and lines stay. Code inside `${}` stays code. What is left can be searched
 * without meeting words that are only quoted.
 */
export function blank(source: string): string {
  const out = [...Array(source.length).keys()].map((index) => source[index] ?? "");
  /** For each open template: how many braces are open inside its `${}`. */
  const templates: number[] = [];
  let at = 0;
  /** The last character of code: tells a regular expression from a division. */
  let previous = "";
  let word = "";

  const wipe = (from: number, to: number): void => {
    for (let index = from; index < to; index++) if (out[index] !== "\n") out[index] = " ";
  };
  /** Wipes from `at` to the closing mark, which is kept, and moves behind it. */
  const skipTo = (close: (index: number) => boolean): void => {
    const from = at;
    while (at < source.length && !close(at)) at += source[at] === "\\" ? 2 : 1;
    wipe(from, Math.min(at, source.length));
    at++;
  };
  const skipTemplate = (): void => {
    skipTo((index) => source[index] === "`" || source.startsWith("${", index));
    if (source[at - 1] !== "$") return;
    templates.push(0);
    at++;
  };

  while (at < source.length) {
    const char = source[at] ?? "";
    if (source.startsWith("//", at)) {
      const end = source.indexOf("\n", at);
      wipe(at, end < 0 ? source.length : end);
      at = end < 0 ? source.length : end;
      continue;
    }
    if (source.startsWith("/*", at)) {
      const end = source.indexOf("*/", at + 2);
      wipe(at, end < 0 ? source.length : end + 2);
      at = end < 0 ? source.length : end + 2;
      continue;
    }
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    at++;
    if (char === '"' || char === "'") skipTo((index) => source[index] === char || source[index] === "\n");
    else if (char === "`") skipTemplate();
    else if (char === "/" && startsExpression(previous, word)) {
      let inClass = false;
      skipTo((index) => {
        if (source[index] === "[") inClass = true;
        if (source[index] === "]") inClass = false;
        return (source[index] === "/" && !inClass) || source[index] === "\n";
      });
    } else if (char === "{" && templates.length > 0) templates.push((templates.pop() ?? 0) + 1);
    else if (char === "}" && templates.length > 0) {
      const depth = templates.pop() ?? 0;
      if (depth === 0) skipTemplate();
      else templates.push(depth - 1);
    }
    word = /[\w$]/.test(char) ? (isWordAt(source, at - 2) ? word + char : char) : "";
    previous = char;
  }
  return out.join("");
}

const isWordAt = (source: string, index: number): boolean => /[\w$]/.test(source[index] ?? "");

const keywordsBeforeExpression = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "delete",
  "void",
  "throw",
  "await",
  "yield",
  "new",
  "else",
  "do",
]);

/** Whether a slash after this begins a regular expression: after an operator, not after a value. */
function startsExpression(previous: string, word: string): boolean {
  if (word !== "") return keywordsBeforeExpression.has(word);
  return previous === "" || !/[\])}"'`]/.test(previous);
}
