import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inWorld } from "./in-world.ts";
import { ask, call, until, type World } from "./world.ts";

const chat = "/v1/chat/completions";
const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i}`).join(" ");

/** Both ends' sums, once nothing is unpaid. */
async function settled({ gateway, providers }: World): Promise<void> {
  await until(
    async () =>
      (await gateway.status()).channels.every(({ unpaidLeaves, retired }) => retired || unpaidLeaves === 0),
    "windows are paid",
  );
  for (const channel of (await gateway.status()).channels) {
    const node = providers.find(({ account }) => account === channel.provider);
    const theirs = node?.provider.status().channels.find(({ id }) => id === channel.id);
    await until(
      () => node?.provider.status().channels.find(({ id }) => id === channel.id)?.unpaidLeaves === 0,
      "the provider has been paid",
    );
    assert.equal(theirs?.id, channel.id);
  }
}

describe("a client", () => {
  it("that goes away stops the engine, and what was made is still paid", async () => {
    await inWorld({ engine: { tokenDelayMs: 5 } }, async (world) => {
      const { gateway, providers } = world;
      const leaving = new AbortController();
      let seen = 0;
      const reply = call(gateway, "POST", chat, ask(words(400), { stream: true, max_tokens: 400 }), {
        signal: leaving.signal,
        onChunk: () => void (++seen === 3 && leaving.abort(new Error("client left"))),
      });
      await reply;
      const provider = providers[0]?.provider;
      await until(() => provider?.status().requestsRunning === 0, "the engine stops");
      await settled(world);
      const channel = (await gateway.status()).channels[0];
      assert.ok(channel !== undefined && channel.windowNumber === 1, "a window was paid");
      assert.ok(channel.consumedUnits < 100n, `only what was made: ${channel.consumedUnits}`);
      assert.equal(provider?.status().channels[0]?.consumedUnits, channel.consumedUnits);
    });
  });

  it("that reads slowly neither holds the provider nor costs it its window", async () => {
    await inWorld({}, async (world) => {
      const slow = call(world.gateway, "POST", chat, ask(words(50), { stream: true }), {
        onChunk: () => world.clock.sleep(1_500),
      });
      await until(() => world.providers[0]?.provider.status().requestsRunning === 0, "the provider is done");
      const quick = await call(world.gateway, "POST", chat, ask("next"));
      assert.equal(quick.status, 200);
      assert.equal((await slow).status, 200);
      assert.ok(!world.events.some(({ event }) => event.endsWith("leaves.forfeited")));
    });
  });

  it("that sends nonsense is told what is wrong, in OpenAI's words", async () => {
    await inWorld({}, async ({ gateway }) => {
      // Deeper than a comparison by recursion could go.
      const nested = `{"model":"echo","messages":[{"role":"user","content":"hi"}],"tools":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
      const cases: [unknown, number, string | null, string][] = [
        ["{", 400, null, "invalid_json"],
        ["null", 400, null, "invalid_value"],
        [{}, 400, "model", "invalid_value"],
        [{ model: "echo" }, 400, "messages", "invalid_value"],
        [{ model: "echo", messages: [] }, 400, "messages", "invalid_value"],
        [{ model: "echo", messages: "hi" }, 400, "messages", "invalid_value"],
        [
          { model: "echo", messages: [{ role: "robot", content: "hi" }] },
          400,
          "messages.0.role",
          "invalid_value",
        ],
        [
          { model: "echo", messages: [{ role: "user", content: 5 }] },
          400,
          "messages.0.content",
          "invalid_value",
        ],
        [
          { model: "echo", messages: [{ role: "user", content: "\ud800" }] },
          400,
          "messages.0.content",
          "invalid_value",
        ],
        [ask("hi", { temperature: 3 }), 400, "temperature", "invalid_value"],
        [ask("hi", { max_tokens: 0 }), 400, "max_tokens", "invalid_value"],
        [ask("hi", { n: 2 }), 400, "n", "invalid_value"],
        [ask("hi", { tools: [{ type: "function" }] }), 400, "tools", "invalid_value"],
        [ask("hi", { tools: [[]] }), 400, "tools", "invalid_value"],
        [nested, 400, "tools", "invalid_value"],
        [ask("hi", { stop: "x".repeat(257) }), 400, "stop", "invalid_value"],
        [ask("hi", { stop: ["ok", "\ud800"] }), 400, "stop.1", "invalid_value"],
        [ask("hi", { stop: ["1", "2", "3", "4", "5"] }), 400, "stop", "invalid_value"],
        [ask("hi", { stream_options: { include_usage: true } }), 400, "stream_options", "invalid_value"],
        [ask("hi", { model: "gpt-unknown" }), 404, "model", "model_not_found"],
        [ask("x".repeat(262_145)), 400, "messages", "context_length_exceeded"],
      ];
      for (const [body, status, param, code] of cases) {
        const reply = await call(gateway, "POST", chat, body);
        const shown = JSON.stringify(body).slice(0, 80);
        assert.equal(reply.status, status, shown);
        assert.deepEqual(
          { param: reply.json().error.param, code: reply.json().error.code },
          { param, code },
          shown,
        );
        assert.equal(reply.json().error.type, "invalid_request_error", shown);
      }
    });
  });

  it("without the right key gets nothing", async () => {
    await inWorld({}, async ({ gateway }) => {
      const reply = await call(gateway, "POST", chat, ask("hi"), { key: "sk-wrong" });
      assert.equal(reply.status, 401);
      assert.equal(reply.json().error.code, "invalid_api_key");
    });
  });

  it("that asks for more than the context gets a 400, not a failover", async () => {
    await inWorld({ providers: 2 }, async ({ gateway, events }) => {
      const reply = await call(gateway, "POST", chat, ask(words(4_200)));
      assert.equal(reply.status, 400, reply.text);
      assert.equal(reply.json().error.code, "context_length_exceeded");
      assert.ok(!events.some(({ event }) => event.endsWith("provider.replaced")));
    });
  });
});

describe("a provider", () => {
  it("that stops is replaced before the client notices", async () => {
    await inWorld({ providers: 2 }, async ({ gateway, providers }) => {
      for (let i = 0; i < 6; i++) assert.equal((await call(gateway, "POST", chat, ask("hi"))).status, 200);
      await providers[0]?.provider.stop();
      providers.shift();
      for (let i = 0; i < 6; i++) assert.equal((await call(gateway, "POST", chat, ask("hi"))).status, 200);
    });
  });

  it("that starts again goes on where it stood: same channel, same windows", async () => {
    await inWorld({}, async (world) => {
      const { gateway, providers } = world;
      for (let i = 0; i < 7; i++)
        assert.equal((await call(gateway, "POST", chat, ask(`hi ${i}`))).status, 200);
      const [old] = providers.splice(0, 1);
      await old?.provider.stop();
      providers.push(await world.startProvider("provider-1", old?.store));
      await until(
        async () => (await call(gateway, "POST", chat, ask("again"))).status === 200,
        "it serves again",
      );
      await settled(world);
      const { channels } = await gateway.status();
      assert.equal(channels.length, 1);
      assert.equal(channels[0]?.retired, false);
      assert.equal(providers[0]?.provider.status().channels[0]?.consumedUnits, channels[0]?.consumedUnits);
    });
  });

  it("that forgot everything costs its old channel, and is paid through a new one", async () => {
    await inWorld({}, async (world) => {
      const { gateway, providers } = world;
      for (let i = 0; i < 3; i++)
        assert.equal((await call(gateway, "POST", chat, ask(`hi ${i}`))).status, 200);
      await settled(world);
      const [old] = providers.splice(0, 1);
      await old?.provider.stop();
      providers.push(await world.startProvider("provider-1"));
      await until(
        async () => (await call(gateway, "POST", chat, ask("again"))).status === 200,
        "it serves again",
      );
      const { channels } = await gateway.status();
      assert.deepEqual(new Set(channels.map(({ retired }) => retired)), new Set([false, true]));
    });
  });
});

describe("a gateway", () => {
  it("that starts again goes on where it stood", async () => {
    await inWorld({ providers: 2 }, async (world) => {
      for (let i = 0; i < 9; i++)
        assert.equal((await call(world.gateway, "POST", chat, ask(`hi ${i}`))).status, 200);
      const before = (await world.gateway.status()).channels.map(({ id }) => id).sort();
      await world.restartGateway();
      await until(
        async () => (await call(world.gateway, "POST", chat, ask("again"))).status === 200,
        "it serves again",
      );
      await settled(world);
      const after = (await world.gateway.status()).channels;
      assert.deepEqual(after.map(({ id }) => id).sort(), before);
      assert.ok(after.every(({ retired }) => !retired));
    });
  });

  it("that closes its channels gets the unclaimed rest back at once", async () => {
    await inWorld({ providers: 2 }, async (world) => {
      const { gateway, gatewayLedger } = world;
      const { tokenUnits: before } = await gatewayLedger.balance();
      for (let i = 0; i < 9; i++)
        assert.equal((await call(gateway, "POST", chat, ask(`hi ${i}`))).status, 200);
      await gateway.closeChannels();
      const { tokenUnits: after } = await gatewayLedger.balance();
      const { channels } = await gateway.status();
      const promised = channels.reduce((sum, { promisedUnits }) => sum + promisedUnits, 0n);
      assert.ok(channels.every(({ retired }) => retired));
      assert.equal(before - after, promised, "paid exactly what was promised");
    });
  });

  it("tops a channel up before its deposit runs out", async () => {
    await inWorld({ gateway: { depositUnits: 2_000n } }, async ({ gateway, events }) => {
      for (let i = 0; i < 120; i++) {
        const reply = await call(gateway, "POST", chat, ask(words(50), { max_tokens: 50 }));
        assert.equal(reply.status, 200, `request ${i}: ${reply.text}`);
      }
      assert.ok(events.some(({ event }) => event === "gateway channel.toppedUp"));
    });
  });

  it("keeps its promise under 200 clients at once: every answer arrives, sums agree", async () => {
    await inWorld({ providers: 3, engine: { slots: 64 } }, async (world) => {
      const replies = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          call(world.gateway, "POST", chat, ask(`client ${i}`, { max_tokens: 8 })),
        ),
      );
      assert.deepEqual(
        replies.filter(({ status }) => status !== 200).map(({ text }) => text),
        [],
      );
      await settled(world);
      const { channels } = await world.gateway.status();
      for (const channel of channels) {
        const node = world.providers.find(({ account }) => account === channel.provider);
        const theirs = node?.provider.status().channels.find(({ id }) => id === channel.id);
        assert.equal(theirs?.consumedUnits, channel.consumedUnits);
      }
      assert.ok(!world.events.some(({ event }) => event.endsWith("leaves.forfeited")));
    });
  });
});
