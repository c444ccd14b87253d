import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { receiptSchema, verifyReceipt } from "@lichen/wire";
import { inWorld } from "./in-world.ts";
import { ask, call, until } from "./world.ts";

describe("an answer, from the request to the money", () => {
  it("is served, signed for, and paid on the chain", async () => {
    await inWorld({}, async ({ gateway, providers }) => {
      const reply = await call(gateway, "POST", "/v1/chat/completions", ask("to be or not to be"));
      assert.equal(reply.status, 200, reply.text);
      const body = reply.json();
      assert.equal(body.choices[0].message.content, "to be or not to be");
      assert.deepEqual(body.usage, { prompt_tokens: 6, completion_tokens: 6, total_tokens: 12 });
      assert.equal(body.lichen.provider, providers[0]?.account);
      const view = async () => (await call(gateway, "GET", body.lichen.receipt)).json();
      await until(async () => (await view()).status === "paid", "the receipt is paid");
      const receipt = receiptSchema.parse((await view()).receipt);
      assert.equal(verifyReceipt(receipt).completionTokens, 6);
    });
  });

  it("streams the same text, the cost on the last chunk", async () => {
    await inWorld({}, async ({ gateway }) => {
      const reply = await call(
        gateway,
        "POST",
        "/v1/chat/completions",
        ask("one two three", { stream: true, stream_options: { include_usage: true } }),
      );
      const events = reply.text
        .split("\n\n")
        .filter((line) => line !== "")
        .map((line) => line.slice("data: ".length));
      assert.equal(events.pop(), "[DONE]");
      const chunks = events.map((event) => JSON.parse(event));
      assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "one two three");
      assert.equal(chunks.at(-1).usage.completion_tokens, 3);
      assert.ok(chunks.slice(0, -1).every(({ usage }) => usage === null));
      assert.match(chunks.at(-1).lichen.receipt, /^\/v1\/receipts\/[0-9a-z]{29}$/);
    });
  });

  it("grows credit with every paid window and keeps both ends' sums equal", async () => {
    await inWorld({ providers: 2 }, async ({ gateway, providers }) => {
      for (let i = 0; i < 60; i++) {
        const reply = await call(gateway, "POST", "/v1/chat/completions", ask(`request number ${i}`));
        assert.equal(reply.status, 200, reply.text);
      }
      await until(
        async () => (await gateway.status()).channels.every(({ unpaidLeaves }) => unpaidLeaves === 0),
        "all windows are paid",
      );
      const status = await gateway.status();
      assert.equal(status.channels.length, 2);
      for (const channel of status.channels) {
        assert.ok(channel.creditRequests >= 8, `credit ${channel.creditRequests}`);
        const node = providers.find(({ account }) => account === channel.provider);
        const theirs = node?.provider.status().channels.find(({ id }) => id === channel.id);
        assert.equal(theirs?.consumedUnits, channel.consumedUnits);
        assert.equal(theirs?.promisedUnits, channel.promisedUnits);
        assert.ok(channel.promisedUnits >= channel.consumedUnits);
      }
      await until(
        async () => (await gateway.status()).channels.every((c) => c.claimedUnits === c.promisedUnits),
        "all vouchers are claimed",
      );
    });
  });
});
