import assert from "node:assert/strict";
import { test } from "node:test";
import { limits, toHex } from "@lichen/kernel";
import { systemRandom } from "./random.ts";

test("gives as many bytes as asked, never the same again", () => {
  for (const sizeBytes of [0, 1, 32, limits.randomBytes]) {
    assert.equal(systemRandom.bytes(sizeBytes).length, sizeBytes);
  }
  const seen = new Set(Array.from({ length: 1000 }, () => toHex(systemRandom.bytes(16))));
  assert.equal(seen.size, 1000);
});

test("gives bytes of their own, not a window into others", () => {
  assert.equal(systemRandom.bytes(16).buffer.byteLength, 16);
});

test("refuses what is no size", () => {
  for (const sizeBytes of [-1, 0.5, Number.NaN, limits.randomBytes + 1]) {
    assert.throws(() => systemRandom.bytes(sizeBytes), { code: "bad-argument" });
  }
});
