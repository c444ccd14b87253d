import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { costUnits } from "./price.ts";

const units = fc.bigInt({ min: 0n, max: 10n ** 20n });
const tokens = fc.nat({ max: 2 ** 32 - 1 });

test("an answer costs its tokens, rounded up once", () => {
  fc.assert(
    fc.property(units, units, tokens, tokens, (inputUnitsPerMTok, outputUnitsPerMTok, prompt, completion) => {
      const cost = costUnits({ inputUnitsPerMTok, outputUnitsPerMTok }, prompt, completion);
      const exact = inputUnitsPerMTok * BigInt(prompt) + outputUnitsPerMTok * BigInt(completion);
      assert.ok(cost * 1_000_000n >= exact && (cost - 1n) * 1_000_000n < exact);
    }),
  );
  assert.equal(costUnits({ inputUnitsPerMTok: 1n, outputUnitsPerMTok: 1n }, 1, 1), 1n);
  assert.equal(costUnits({ inputUnitsPerMTok: 0n, outputUnitsPerMTok: 0n }, 9, 9), 0n);
});
