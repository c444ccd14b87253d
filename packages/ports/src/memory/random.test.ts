import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, limits } from "@lichen/kernel";
import { createSeededRandom } from "./random.ts";

test("the seed decides the bytes, not the way they are asked for", () => {
  const whole = createSeededRandom(7).bytes(100);
  const parted = createSeededRandom(7);
  assert.deepEqual(concat(...[1, 0, 2, 30, 67].map((sizeBytes) => parted.bytes(sizeBytes))), whole);
  assert.notDeepEqual(createSeededRandom(8).bytes(100), whole);
});

test("bytes are spread evenly", () => {
  const counts = new Uint32Array(256);
  for (const byte of createSeededRandom(1).bytes(limits.randomBytes))
    counts[byte] = (counts[byte] as number) + 1;
  const expected = limits.randomBytes / 256;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 255 degrees of freedom: mean 255, standard deviation 22.6; five of them each way.
  assert.ok(chiSquare > 142 && chiSquare < 368, `chi square ${chiSquare}`);
});

test("other seeds and sizes are refused", () => {
  for (const seed of [-1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => createSeededRandom(seed), { code: "bad-argument" });
  }
  for (const sizeBytes of [-1, 1.5, limits.randomBytes + 1]) {
    assert.throws(() => createSeededRandom(0).bytes(sizeBytes), { code: "bad-argument" });
  }
});
