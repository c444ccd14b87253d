import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { receiptSchema, verifyReceipt } from "@lichen/wire";
import { removeHome, startTestNetwork, type TestNetwork } from "../network.ts";

const model = "lichen-shakespeare-300k";
const messages = [{ role: "user" as const, content: "To be, or not to be" }];

describe("the openai package against a network of processes", { timeout: 240_000 }, () => {
  let network: TestNetwork;
  let client: OpenAI;

  before(async () => {
    network = await startTestNetwork(2, []);
    client = new OpenAI({ baseURL: `${network.url}/v1`, apiKey: network.apiKey, maxRetries: 0 });
  });
  after(async () => {
    await network.stop();
    await removeHome(network);
  });

  const status = async (): Promise<any> => {
    const headers = { authorization: `Bearer ${network.apiKey}` };
    return (await fetch(`${network.url}/lichen/status`, { headers })).json();
  };

  it("lists and names models", async () => {
    const { data } = await client.models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      [model],
    );
    assert.equal((await client.models.retrieve(model)).object, "model");
  });

  it("completes a chat, with usage, headers and a receipt that gets paid", async () => {
    const { data, response } = await client.chat.completions
      .create({ model, messages, max_tokens: 12 })
      .withResponse();
    assert.equal(data.object, "chat.completion");
    assert.equal(data.usage?.completion_tokens, 12);
    assert.equal(data.usage?.total_tokens, (data.usage?.prompt_tokens ?? 0) + 12);
    assert.equal(data.choices[0]?.finish_reason, "length");
    const { lichen } = data as unknown as {
      lichen: { request: string; provider: string; model: { id: string }; receipt: string };
    };
    assert.equal(response.headers.get("x-lichen-request"), lichen.request);
    assert.equal(response.headers.get("x-lichen-provider"), lichen.provider);
    assert.equal(response.headers.get("x-lichen-model"), lichen.model.id);
    for (let waited = 0; ; waited += 200) {
      const view: any = await client.get(lichen.receipt.replace("/v1", ""));
      if (view.status === "paid") {
        const receipt = receiptSchema.parse(view.receipt);
        assert.equal(verifyReceipt(receipt).completionTokens, 12);
        assert.match(receipt.payment?.transaction ?? "", /^0x[0-9a-f]{64}$/);
        return;
      }
      assert.ok(waited < 30_000, `the receipt is ${view.status}`);
      await sleep(200);
    }
  });

  it("streams the same text as it completes, for the same seed", async () => {
    const request = { model, messages, max_tokens: 24, temperature: 0.8, seed: 7 };
    const whole = await client.chat.completions.create(request);
    const stream = await client.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage: OpenAI.CompletionUsage | null | undefined;
    let finish: string | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, whole.choices[0]?.message.content);
    assert.equal(finish, "length");
    assert.equal(usage?.completion_tokens, 24);
  });

  it("stops at a stop string without showing it", async () => {
    const free = await client.chat.completions.create({ model, messages, max_tokens: 60, temperature: 0 });
    const text = free.choices[0]?.message.content ?? "";
    const stop = text.slice(20, 23);
    const cut = await client.chat.completions.create({
      model,
      messages,
      max_tokens: 60,
      temperature: 0,
      stop,
    });
    assert.equal(cut.choices[0]?.message.content, text.slice(0, text.indexOf(stop)));
    assert.equal(cut.choices[0]?.finish_reason, "stop");
  });

  it("cancels: the engine stops, and what was made is paid", async () => {
    const consumed = async (): Promise<bigint> =>
      (await status()).channels.reduce(
        (sum: bigint, { consumedUnits }: { consumedUnits: string }) => sum + BigInt(consumedUnits),
        0n,
      );
    const before = await consumed();
    const stream = await client.chat.completions.create({ model, messages, max_tokens: 400, stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content !== undefined) break; // leaving closes the socket
    }
    for (let waited = 0; ; waited += 100) {
      const { channels, providers } = await status();
      const busy = providers.some(({ inFlight }: { inFlight: number }) => inFlight > 0);
      const owed = channels.some(({ unpaidLeaves }: { unpaidLeaves: number }) => unpaidLeaves > 0);
      if (!busy && !owed && (await consumed()) > before) break;
      assert.ok(waited < 15_000, `still ${busy ? "answering" : "unpaid"}`);
      await sleep(100);
    }
    const cost = (await consumed()) - before;
    assert.ok(cost < 160n, `paid for what was made, not for 400 tokens: ${cost} units`);
  });

  it("gets the package's own error classes", async () => {
    const stranger = new OpenAI({ baseURL: `${network.url}/v1`, apiKey: "sk-wrong", maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
    await assert.rejects(client.chat.completions.create({ model: "gpt-5", messages }), OpenAI.NotFoundError);
    await assert.rejects(
      client.chat.completions.create({ model, messages, temperature: 9 }),
      OpenAI.BadRequestError,
    );
    await assert.rejects(
      client.chat.completions.create({ model, messages: [{ role: "user", content: "x".repeat(9_000) }] }),
      (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError);
        assert.equal(error.code, "context_length_exceeded");
        return true;
      },
    );
  });
});
