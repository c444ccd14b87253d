import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson, type Json } from "./json.ts";

const json = fc.jsonValue({ stringUnit: "binary" }) as fc.Arbitrary<Json>;

test("canonical JSON means what it was made of", () => {
  fc.assert(
    fc.property(json, (value) => {
      // Through JSON.stringify, which like RFC 8785 knows no negative zero.
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("canonical JSON does not depend on the order of members", () => {
  const members = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), json), {
    selector: ([key]) => key,
    maxLength: 8,
  });
  fc.assert(
    fc.property(members, (entries) => {
      const forward = canonicalJson(Object.fromEntries(entries));
      assert.equal(canonicalJson(Object.fromEntries(entries.toReversed())), forward);
    }),
  );
});

test("canonical JSON is RFC 8785's", () => {
  // Its examples for numbers and strings (3.2.2) and for the order of members (3.2.3).
  const value = {
    numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  };
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
  const sorted = Object.keys(
    JSON.parse(canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])))) as object,
  );
  assert.deepEqual(sorted, ["1", "\r", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"]);
  assert.equal(canonicalJson(-0), "0");
});

test("members that are undefined are left out", () => {
  assert.equal(canonicalJson({ b: undefined, a: 1 }), '{"a":1}');
});

test("what JSON cannot hold is refused", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\udc00": 1 }, ["a\ud83c"]]) {
    assert.throws(() => canonicalJson(value), { code: "bad-argument" });
  }
});
