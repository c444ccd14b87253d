import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex, toHex } from "@lichen/kernel";
import { digestOfRequest, inferRequestSchema, promptDigestOf } from "./infer.ts";
import {
  decodeLeaf,
  encodeLeaf,
  finishReasons,
  leafBytes,
  leafHash,
  outputDigest,
  requestDigest,
  type Leaf,
} from "./leaf.ts";
import vectors from "./vectors/leaf.json" with { type: "json" };

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const leaves: fc.Arbitrary<Leaf> = fc.record(
  {
    requestDigest: digest,
    outputDigest: digest,
    promptTokens: fc.nat({ max: 2 ** 32 - 1 }),
    completionTokens: fc.nat({ max: 2 ** 32 - 1 }),
    costUnits: fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }),
    startedAtMs: fc.nat({ max: 2 ** 48 - 1 }),
    durationMs: fc.nat({ max: 2 ** 32 - 1 }),
    finishReason: fc.constantFrom(...finishReasons),
  },
  { noNullPrototype: true },
);
const sample = fc.sample(leaves, { numRuns: 1, seed: 1 })[0] as Leaf;

test("a leaf goes there and back", () => {
  fc.assert(
    fc.property(leaves, (leaf) => {
      const encoded = encodeLeaf(leaf);
      assert.equal(encoded.length, leafBytes);
      assert.deepEqual(decodeLeaf(encoded), leaf);
    }),
  );
});

test("bytes that decode are the only ones of their leaf", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: leafBytes, maxLength: leafBytes }),
      fc.nat({ max: 3 }),
      (bytes, reason) => {
        bytes[0] = 1;
        bytes[leafBytes - 1] = reason;
        assert.deepEqual(encodeLeaf(decodeLeaf(bytes)), bytes);
      },
    ),
  );
});

test("a leaf that is cut, padded, unknown or of another version is refused", () => {
  const encoded = encodeLeaf(sample);
  for (const sizeBytes of [0, 64, leafBytes - 1]) {
    assert.throws(() => decodeLeaf(encoded.subarray(0, sizeBytes)), { code: "bad-message" });
  }
  assert.throws(() => decodeLeaf(Uint8Array.of(...encoded, 0)), { code: "bad-message" });
  assert.throws(() => decodeLeaf(encoded.with(leafBytes - 1, 4)), { code: "bad-message" });
  assert.throws(() => decodeLeaf(encoded.with(0, 2)), { code: "version-unsupported" });
});

test("a number that does not fit its place is refused, not wrapped", () => {
  const bad: Partial<Leaf>[] = [
    { promptTokens: 2 ** 32 },
    { completionTokens: -1 },
    { durationMs: 1.5 },
    { durationMs: Number.NaN },
    { startedAtMs: 2 ** 48 },
    { costUnits: 2n ** 96n },
    { costUnits: -1n },
    { finishReason: "bored" as Leaf["finishReason"] },
    { requestDigest: "0x00" },
  ];
  for (const change of bad) {
    assert.throws(
      () => encodeLeaf({ ...sample, ...change }),
      { code: "bad-argument" },
      Object.keys(change)[0],
    );
  }
});

test("the vectors hold", () => {
  for (const { leaf, encoded, hash } of vectors.leaves) {
    const expected = { ...leaf, costUnits: BigInt(leaf.costUnits) } as Leaf;
    assert.deepEqual(decodeLeaf(fromHex(encoded)), expected);
    assert.equal(toHex(encodeLeaf(expected)), encoded);
    assert.equal(toHex(leafHash(fromHex(encoded))), hash);
  }
  const { request, prompt, output } = vectors.digests;
  const asked = inferRequestSchema.parse({
    ...request,
    id: "0123456789abcdef",
    channelId: request.salt,
    price: { inputUnitsPerMTok: "0", outputUnitsPerMTok: "0" },
    maxCostUnits: "0",
  });
  assert.equal(promptDigestOf(asked), prompt);
  assert.equal(digestOfRequest(asked), vectors.leaves[0]?.leaf.requestDigest);
  assert.equal(
    outputDigest(fromHex(request.salt), output.tokens, output.text),
    vectors.leaves[0]?.leaf.outputDigest,
  );
});

test("a request's digest changes with each part of it", () => {
  const request = vectors.digests.request as Parameters<typeof digestOfRequest>[0];
  const other = `0x${"01".repeat(32)}` as const;
  const [first] = request.messages;
  assert.ok(first !== undefined);
  const changed: (typeof request)[] = [
    { ...request, salt: other },
    { ...request, model: other },
    { ...request, messages: [first] },
    { ...request, messages: request.messages.toReversed() },
    { ...request, messages: [{ ...first, content: `${first.content} ` }, ...request.messages.slice(1)] },
    { ...request, messages: [{ ...first, role: "user" }, ...request.messages.slice(1)] },
    ...Object.entries({ maxTokens: 17, temperature: 0, topP: 1, seed: 43, stop: [] }).map(
      ([name, value]) => ({
        ...request,
        sampling: { ...request.sampling, [name]: value },
      }),
    ),
  ];
  const digests = [request, ...changed].map(digestOfRequest);
  assert.equal(new Set(digests).size, digests.length);
  assert.equal(digestOfRequest({ ...request, prepaid: undefined } as typeof request), digests[0]);
});

test("an output's digest tells tokens from text and one split from another", () => {
  const salt = new Uint8Array(32);
  const digests = [
    outputDigest(salt, [], ""),
    outputDigest(salt, [0], ""),
    outputDigest(salt, [], "\0\0\0\0"),
    outputDigest(salt, [0, 0], ""),
    outputDigest(salt, [1], "a"),
    outputDigest(salt, [1], "b"),
    outputDigest(salt.with(0, 1), [1], "b"),
  ];
  assert.equal(new Set(digests).size, digests.length);
  for (const token of [-1, 0.5, 2 ** 32]) {
    assert.throws(() => outputDigest(salt, [token], ""), { code: "bad-argument" });
  }
  assert.throws(() => outputDigest(salt, [], "\ud800"), { code: "bad-argument" });
  assert.throws(() => outputDigest(salt.subarray(1), [], ""), { code: "bad-argument" });
  assert.throws(() => requestDigest(new Uint8Array(33), "0x", "0x"), { code: "bad-argument" });
});
