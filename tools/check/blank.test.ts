import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { blank } from "./blank.ts";

describe("blank", () => {
  const cases: [string, string][] = [
    ["a // b\nc", "a     \nc"],
    ["a /* b\nc */ d", "a     \n     d"],
    [`"a" 'b' d`, `" " ' ' d`],
    ["`a${b}c` d", "` ${b} ` d"],
    ["`${{ a: `x` }.a}y` z", "`${{ a: ` ` }.a} ` z"],
    [`"a\\"b" c`, `"    " c`],
    ['x = /a\\/[/]"/g; y', "x = /       /g; y"],
    ["a / b / c", "a / b / c"],
    ["return /a/", "return / /"],
    ["f(x) / 2 // c", "f(x) / 2     "],
    ['"open\nnext', '"    \nnext'],
    ["/* open", "       "],
  ];
  for (const [source, expected] of cases) {
    it(JSON.stringify(source), () => assert.equal(blank(source), expected));
  }

  it("keeps length and lines of any text, and ends", () => {
    const char = fc.constantFrom("a", " ", "/", "*", "`", "'", '"', "$", "{", "}", "[", "(", "\\", "\n", "=");
    fc.assert(
      fc.property(fc.string({ unit: char }), (source) => {
        const out = blank(source);
        assert.equal(out.length, source.length);
        assert.deepEqual(
          out.split("\n").map((line) => line.length),
          source.split("\n").map((line) => line.length),
        );
      }),
    );
  });
});
