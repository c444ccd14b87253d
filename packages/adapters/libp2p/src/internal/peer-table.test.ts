import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { preferred } from "./peer-table.ts";

test("both sides prefer the same stream, in whatever order they saw two of different openers", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.boolean(), fc.boolean(), (a, b, orderA, orderB) => {
      fc.pre(a !== b);
      // What each side sees of the stream that `a` opened and the one that `b` opened.
      const seenBy = (self: string, other: string): { opener: string; outbound: boolean; peerId: string }[] =>
        [a, b].map((opener) => ({ opener, outbound: opener === self, peerId: other }));
      const pick = (self: string, other: string, swap: boolean): string => {
        const [first, second] = swap ? seenBy(self, other).toReversed() : seenBy(self, other);
        return preferred(self, first as NonNullable<typeof first>, second as NonNullable<typeof second>)
          .opener;
      };
      const chosen = pick(a, b, orderA);
      assert.equal(pick(b, a, orderB), chosen);
      assert.equal(chosen, a < b ? a : b);
    }),
  );
});

test("of two streams by the same opener the newer is preferred", () => {
  for (const outbound of [true, false]) {
    const [older, newer] = [
      { outbound, peerId: "b" },
      { outbound, peerId: "b" },
    ];
    assert.equal(preferred("a", older, newer), newer);
    assert.equal(preferred("c", older, newer), newer);
  }
});
