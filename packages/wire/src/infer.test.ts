import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@lichen/kernel";
import { inferEventSchema, inferRequestSchema } from "./infer.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import leafVectors from "./vectors/leaf.json" with { type: "json" };
import voucherVectors from "./vectors/voucher.json" with { type: "json" };

const request = {
  ...leafVectors.digests.request,
  id: "0123456789abcdef",
  channelId: voucherVectors.voucher.channelId,
  price: { inputUnitsPerMTok: "100", outputUnitsPerMTok: "400" },
  maxCostUnits: "7",
  prepaid: voucherVectors.voucher,
};
const fits = (change: object): boolean => inferRequestSchema.safeParse({ ...request, ...change }).success;
const message = (content: string, role = "user") => ({ role, content });

test("a request travels", () => {
  const parsed = inferRequestSchema.parse(request);
  assert.equal(parsed.maxCostUnits, 7n);
  assert.deepEqual(decodeMessage(inferRequestSchema, encodeMessage(parsed), "infer"), parsed);
  assert.equal(inferRequestSchema.parse({ ...request, prepaid: undefined }).prepaid, undefined);
});

test("a request outside its bounds is refused", () => {
  const { sampling } = request;
  const half = "x".repeat(limits.promptChars / 2);
  assert.ok(fits({ messages: [message(half), message(half)] }));
  for (const change of [
    { id: "short" },
    { id: "0123456789abcdef\n" },
    { messages: [] },
    { messages: [message("a", "tool")] },
    { messages: [{ ...message("a"), name: "b" }] },
    { messages: [message("\ud800")] },
    { messages: [message(half), message(half), message("x")] },
    { messages: Array.from({ length: limits.chatMessages + 1 }, () => message("a")) },
    { sampling: { ...sampling, maxTokens: 0 } },
    { sampling: { ...sampling, temperature: 2.1 } },
    { sampling: { ...sampling, topP: 0 } },
    { sampling: { ...sampling, seed: 2 ** 32 } },
    { sampling: { ...sampling, stop: [""] } },
    { sampling: { ...sampling, stop: ["a", "b", "c", "d", "e"] } },
    { sampling: { ...sampling, beams: 2 } },
    { price: {} },
    { maxCostUnits: 7 },
    { prepaid: { ...request.prepaid, amountUnits: "-1" } },
  ]) {
    assert.ok(!fits(change), JSON.stringify(change).slice(0, 100));
  }
});

test("an event is text or a whole leaf", () => {
  const event = (value: object): boolean => inferEventSchema.safeParse(value).success;
  const leaf = leafVectors.leaves[0]?.encoded as string;
  assert.ok(event({ type: "leaf", leaf }));
  assert.ok(!event({ type: "leaf", leaf: leaf.slice(0, -2) }));
  assert.ok(event({ type: "tokens", text: "a", tokens: [0, 2 ** 32 - 1] }));
  assert.ok(!event({ type: "tokens", text: "a", tokens: [2 ** 32] }));
  assert.ok(!event({ type: "tokens", text: "\udc00", tokens: [] }));
  assert.ok(!event({ type: "end" }));
});
