import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ceilDiv, formatUnits, parseUnits } from "./units.ts";

const units = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n });
const decimals = fc.integer({ min: 0, max: 18 });

test("an amount goes there and back", () => {
  fc.assert(
    fc.property(units, decimals, (amount, places) => {
      assert.equal(parseUnits(formatUnits(amount, places), places), amount);
    }),
  );
});

test("an amount is written as short as it can be", () => {
  assert.equal(formatUnits(1_234_500n, 6), "1.2345");
  assert.equal(formatUnits(-1n, 6), "-0.000001");
  assert.equal(formatUnits(0n, 6), "0");
  assert.equal(formatUnits(100n, 0), "100");
  assert.equal(formatUnits(100n, 2), "1");
});

test("an amount is read as it stands", () => {
  assert.equal(parseUnits("1.5", 6), 1_500_000n);
  assert.equal(parseUnits(" 007.10 ", 2), 710n);
  for (const text of [
    "",
    ".",
    "1.",
    ".5",
    "-1",
    "+1",
    "1e3",
    "1,5",
    "0x1",
    "1.5.1",
    "NaN",
    "١",
    "9".repeat(500),
  ]) {
    assert.throws(() => parseUnits(text, 6), { code: "bad-argument" }, text);
  }
  assert.throws(() => parseUnits("0.1234567", 6), { code: "bad-argument" });
  assert.throws(() => parseUnits("1.0", 0), { code: "bad-argument" });
});

test("what is owed is never rounded away", () => {
  fc.assert(
    fc.property(units, fc.bigInt({ min: 1n, max: 10n ** 20n }), (numerator, denominator) => {
      const quotient = ceilDiv(numerator, denominator);
      assert.ok(quotient * denominator >= numerator);
      assert.ok((quotient - 1n) * denominator < numerator);
    }),
  );
});
