import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_PIECE_CHARS, splitText } from "./split.ts";

const none = new Set<string>();

test("keeps every character, within the bound, and no pair torn apart", () => {
  const units = fc.constantFrom("a", "b ", "\n", " ", "\u{1f33f}", "word");
  fc.assert(
    fc.property(fc.array(units, { minLength: 1, maxLength: 5 }), fc.nat(3000), (pattern, times) => {
      const text = pattern.join("").repeat(times);
      const pieces = [...splitText(text, none)];
      assert.equal(pieces.join(""), text);
      for (const piece of pieces) {
        assert.ok(piece.length > 0 && piece.length <= MAX_PIECE_CHARS);
        assert.ok(piece.isWellFormed());
      }
    }),
    { numRuns: 50 },
  );
});

test("cuts after a line where there is one", () => {
  const text = `${"a".repeat(3000)}\n${"b ".repeat(1000)}`;
  assert.deepEqual(
    [...splitText(text, none)].map((piece) => piece.length),
    [3001, 2000],
  );
});

test("cuts before a blank between words where there is no line", () => {
  for (const piece of [...splitText("word ".repeat(2000), none)].slice(1)) assert.match(piece, /^ word/);
});

test("never cuts a control token", () => {
  for (let before = MAX_PIECE_CHARS - 10; before <= MAX_PIECE_CHARS; before++) {
    const text = `${"a".repeat(before)}<|end|>${"a".repeat(5000)}`;
    const pieces = [...splitText(text, new Set(["<|end|>"]))];
    assert.equal(pieces.join(""), text);
    assert.equal(pieces.filter((piece) => piece.includes("<|end|>")).length, 1);
  }
});
