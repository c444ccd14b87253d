import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createGuard } from "./guard.ts";

const mark = "\ufdd0";
const controls = new Set(["<|end|>", "<|start|>", "\u2620"]);
const guard = createGuard(controls);

test("leaves ordinary text as it is", () => {
  for (const text of ["", "a < b | c > d", "<|ends|> <| start |>", "\u{1f33f}", "a <|\n<b>"]) {
    assert.equal(guard(text, mark), text);
  }
});

test("breaks up control tokens, also such as only begin", () => {
  assert.equal(guard("a <|end|> b", mark), `a <${mark}|end|> b`);
  assert.equal(guard("<|sta", mark), `<${mark}|sta`);
  assert.equal(guard("<|sta \n", mark), `<${mark}|sta \n`);
  assert.equal(guard("<<|end|>", mark), `<<${mark}|end|>`);
  assert.equal(guard("a\u2620b", mark), `a${mark}\u2620${mark}b`);
});

test("no text brings one through, alone or beside others, trimmed or not", () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom("<", "|", "end", "start", ">", " ", "a") }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(texts, fc.boolean(), (parts, trims) => {
      const guarded = parts.map((part) => guard(part, mark)).map((part) => (trims ? part.trim() : part));
      for (const control of controls) assert.ok(!guarded.join("").includes(control));
      assert.equal(
        parts
          .map((part) => guard(part, mark))
          .join("")
          .replaceAll(mark, ""),
        parts.join(""),
      );
    }),
  );
});
