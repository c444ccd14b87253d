import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromHex, toHex, type Hex } from "@lichen/kernel";
import {
  costUnits,
  digestOfRequest,
  encodeLeaf,
  outputDigest,
  type InferRequest,
  type Leaf,
} from "@lichen/wire";
import { checkLeaf } from "./check-leaf.ts";

const salt: Hex = `0x${"5a".repeat(32)}`;
const request: InferRequest = {
  id: "request-00000000001",
  channelId: `0x${"11".repeat(32)}`,
  salt,
  model: `0x${"22".repeat(32)}`,
  messages: [{ role: "user", content: "to be or not to be" }],
  sampling: { maxTokens: 8, temperature: 1, topP: 1, seed: 1, stop: [] },
  price: { inputUnitsPerMTok: 100_000n, outputUnitsPerMTok: 400_000n },
  maxCostUnits: 100n,
};
const received = { tokens: [1, 2, 3], text: "that is", cancelled: false };
const bound = 50;

const honest: Leaf = {
  requestDigest: digestOfRequest(request),
  outputDigest: outputDigest(fromHex(salt), received.tokens, received.text),
  promptTokens: 6,
  completionTokens: 3,
  costUnits: costUnits(request.price, 6, 3),
  startedAtMs: 1_700_000_000_000,
  durationMs: 12,
  finishReason: "stop",
};

const check = (change: Partial<Leaf>): unknown =>
  checkLeaf(toHex(encodeLeaf({ ...honest, ...change })), request, received, bound);

describe("a leaf", () => {
  it("that says what happened is taken", () => {
    assert.deepEqual(checkLeaf(toHex(encodeLeaf(honest)), request, received, bound).leaf, honest);
  });

  it("that says anything else is refused", () => {
    const lies: Record<string, Partial<Leaf>> = {
      "another request": { requestDigest: `0x${"33".repeat(32)}` },
      "another answer": { outputDigest: outputDigest(fromHex(salt), received.tokens, "that was") },
      "other tokens behind the same text": {
        outputDigest: outputDigest(fromHex(salt), [1, 2, 4], received.text),
      },
      "more tokens than arrived": { completionTokens: 4, costUnits: costUnits(request.price, 6, 4) },
      "more prompt than there was": {
        promptTokens: bound + 1,
        costUnits: costUnits(request.price, bound + 1, 3),
      },
      "an end that nobody asked for": { finishReason: "cancelled" },
      "a dearer price": { costUnits: honest.costUnits + 1n },
      "a cheaper price": { costUnits: honest.costUnits - 1n },
      "a failed answer": { finishReason: "failed" },
    };
    for (const [lie, change] of Object.entries(lies))
      assert.throws(() => check(change), { code: "payment-rejected" }, lie);
  });

  it("over more tokens than were allowed, or dearer than was agreed, is refused though it adds up", () => {
    const tokens = Array.from({ length: 9 }, (_, i) => i);
    const text = "nine";
    const long = {
      ...honest,
      completionTokens: 9,
      costUnits: costUnits(request.price, 6, 9),
      outputDigest: outputDigest(fromHex(salt), tokens, text),
    };
    const heard = { tokens, text, cancelled: false };
    assert.throws(() => checkLeaf(toHex(encodeLeaf(long)), request, heard, bound), {
      code: "payment-rejected",
    });
    const dear = { ...request, maxCostUnits: honest.costUnits - 1n };
    assert.throws(() => checkLeaf(toHex(encodeLeaf(honest)), dear, received, bound), {
      code: "payment-rejected",
    });
  });
});
