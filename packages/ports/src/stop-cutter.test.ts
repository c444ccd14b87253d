import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StopCutter } from "./stop-cutter.ts";

test("holds back what may become a stop string, and no more", () => {
  const cutter = new StopCutter(["END", "EX"]);
  assert.equal(cutter.push("one E"), "one ");
  assert.equal(cutter.push("N"), "");
  assert.equal(cutter.push("E"), "EN");
  assert.equal(cutter.push("ND two"), "");
  assert.equal(cutter.stopped, true);
  assert.equal(cutter.push("three") + cutter.flush(), "");
});

test("gives back at the end what it held", () => {
  const cutter = new StopCutter(["\n\n"]);
  assert.equal(cutter.push("a\n"), "a");
  assert.equal(cutter.flush(), "\n");
});

test("ignores stop strings that no text can hold", () => {
  const cutter = new StopCutter(["", "\udf3f"]);
  assert.equal(cutter.push("\u{1f33f}") + cutter.push("a"), "\u{1f33f}a");
  assert.equal(cutter.stopped, false);
});

test("cuts where the whole text would be cut, however it comes", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), stops, (pieces, stop) => {
      const cutter = new StopCutter(stop);
      let shown = "";
      for (const piece of pieces) if (!cutter.stopped) shown += cutter.push(piece);
      shown += cutter.flush();
      const whole = pieces.join("");
      const ends = stop.map((one) => whole.indexOf(one)).filter((at) => at >= 0);
      assert.equal(cutter.stopped, ends.length > 0);
      if (ends.length === 0) assert.equal(shown, whole);
      // A stop string that came first wins over one that begins earlier and ends later.
      else assert.ok(whole.startsWith(shown) && stop.every((one) => !shown.includes(one)));
    }),
  );
});
