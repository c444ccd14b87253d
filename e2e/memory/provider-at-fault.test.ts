import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LichenError, toHex, utf8, type Hex } from "@lichen/kernel";
import { closeWindow, openAccount } from "@lichen/money";
import {
  channelId,
  channelRequestSchema,
  decodeMessage,
  encodeMessage,
  keccak,
  noReceipts,
  windowDigest,
  type InferRequest,
} from "@lichen/wire";
import { createMemorySigner } from "@lichen/ports/memory";
import type { Handler, Ledger, Store } from "@lichen/ports";
import { inWorld } from "./in-world.ts";
import { hashOf, startRogue, type Rogue, type RogueOptions } from "./rogue.ts";
import { ask, call, until, type Reply, type World, type WorldOptions } from "./world.ts";

const chat = "/v1/chat/completions";
const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i}`).join(" ");
const asks = async ({ gateway }: World, content: string, more: object = {}): Promise<Reply> =>
  call(gateway, "POST", chat, ask(content, more));

/** Runs a test in a world with one rogue, which the gateway has met. */
async function withRogue(
  options: WorldOptions,
  rogueOptions: RogueOptions,
  body: (world: World, rogue: Rogue) => Promise<void>,
): Promise<void> {
  await inWorld({ providers: 0, ...options }, async (world) => {
    const rogue = await startRogue(world, "rogue", rogueOptions);
    await until(
      async () => (await world.gateway.status()).providers.some(({ account }) => account === rogue.account),
      "the rogue is found",
    );
    try {
      await body(world, rogue);
    } finally {
      await rogue.network.stop();
    }
  });
}

const channelsOf = async ({ gateway }: World, { account }: Rogue) =>
  (await gateway.status()).channels.filter(({ provider }) => provider === account);
const inferred = ({ asked }: Rogue): number => asked.filter((method) => method === "infer").length;

describe("a provider that answers without end", () => {
  const floods: Record<string, (i: number) => object> = {
    "more tokens than were asked for": (i) => ({ type: "tokens", text: "a", tokens: [i] }),
    "events with nothing in them": () => ({ type: "tokens", text: "", tokens: [] }),
    "text without tokens": () => ({ type: "tokens", text: "a".repeat(10_000), tokens: [] }),
  };
  for (const [name, event] of Object.entries(floods)) {
    it(`with ${name} is cut off and not paid`, async () => {
      let over: AbortSignal | undefined;
      let sent = 0;
      const flood: RogueOptions = {
        async infer(_request, send, signal) {
          over = signal;
          for (; sent < 100_000 && !signal.aborted; sent++) await send(event(sent));
        },
      };
      await withRogue({}, flood, async (world, rogue) => {
        const reply = await asks(world, "hi", { max_tokens: 10 });
        assert.ok(reply.status >= 502, reply.text);
        await until(() => over?.aborted === true, "the rogue is told to stop");
        assert.ok(sent < 20_000, `it sent ${sent} events`);
        assert.equal((await channelsOf(world, rogue))[0]?.unpaidLeaves, 0);
      });
    });
  }

  it("although its client has left is cut off after a moment and not paid", async () => {
    let over: AbortSignal | undefined;
    const deaf: RogueOptions = {
      async infer(_request, send, signal) {
        over = signal;
        for (let i = 0; i < 500 && !signal.aborted; i++) {
          await send({ type: "tokens", text: "a", tokens: [i] });
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
    };
    await withRogue({ gateway: { cancelGraceMs: 200 } }, deaf, async (world, rogue) => {
      const leaving = new AbortController();
      const leave = (): void => leaving.abort(new Error("client left"));
      const started = performance.now();
      await call(world.gateway, "POST", chat, ask("hi", { stream: true, max_tokens: 500 }), {
        signal: leaving.signal,
        onChunk: leave,
      });
      await until(() => over?.aborted === true, "the rogue is cut off");
      assert.ok(performance.now() - started < 8_000, "before it had said everything");
      assert.equal((await channelsOf(world, rogue))[0]?.unpaidLeaves, 0);
    });
  });

  it("or stops by itself and calls that cancelled, is not believed", async () => {
    let rogue: Rogue;
    const early: RogueOptions = {
      async infer(request, send) {
        await send({ type: "tokens", text: "a", tokens: [1] });
        await send({ type: "leaf", leaf: rogue.leaf(request, "a", [1], { finishReason: "cancelled" }) });
      },
    };
    await withRogue({}, early, async (world, found) => {
      rogue = found;
      assert.equal((await asks(world, "hi")).status, 502);
    });
  });
});

describe("a cheap provider that refuses", () => {
  const lies: Record<string, RogueOptions["infer"]> = {
    "by saying nothing": async (_request, _send, signal) =>
      new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    "for lack of credit": refuse("no-credit"),
    "as if the prompt were too long": refuse("context-overflow"),
    "by a defect": refuse("internal"),
    "as if the request were at fault": refuse("bad-argument"),
  };
  for (const [name, infer] of Object.entries(lies)) {
    it(`${name} costs no request its answer`, async () => {
      const options = { providers: 1, gateway: { firstTokenMs: 200 } };
      await withRogue(options, infer === undefined ? {} : { infer }, async (world, rogue) => {
        for (let i = 0; i < 6; i++) assert.equal((await asks(world, `hi ${i}`)).status, 200);
        assert.ok(inferred(rogue) > 0, "it was asked at all");
      });
    });
  }

  it("is left alone once it has been silent three times", async () => {
    const silent: RogueOptions = {
      infer: async (_request, _send, signal) =>
        new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    };
    await withRogue({ providers: 1, gateway: { firstTokenMs: 50 } }, silent, async (world, rogue) => {
      await until(async () => {
        assert.equal((await asks(world, "hi")).status, 200);
        return inferred(rogue) >= 3;
      }, "it was asked three times");
      for (let i = 0; i < 5; i++) assert.equal((await asks(world, "hi")).status, 200);
      assert.equal(inferred(rogue), 3);
    });
  });
});

function refuse(code: ConstructorParameters<typeof LichenError>[0]): RogueOptions["infer"] {
  return async () => {
    throw new LichenError(code, "no");
  };
}

describe("a provider that plays with its channel", () => {
  it("and closes it at once cannot keep the others from being topped up, nor have many opened", async () => {
    let rogue: Rogue | undefined;
    const channel: Handler = async ({ body }, send) => {
      const { key } = decodeMessage(channelRequestSchema, body, "channel");
      await rogue?.ledger.release(key);
      await send(
        encodeMessage({ windowNumber: 0, receiptsRoot: noReceipts, voucherUnits: 0n, creditRequests: 0 }),
      );
    };
    const options = { providers: 1, gateway: { depositUnits: 2_000n } };
    await withRogue(options, { channel }, async (world, found) => {
      rogue = found;
      for (let i = 0; i < 80; i++) {
        const reply = await asks(world, words(50), { max_tokens: 50 });
        assert.equal(reply.status, 200, `request ${i}: ${reply.text}`);
      }
      assert.ok(world.events.some(({ event }) => event === "gateway channel.toppedUp"));
      const channels = await channelsOf(world, rogue);
      assert.ok(channels.length <= 3, `${channels.length} channels were opened to it`);
    });
  });

  it("and remembers another past of it each time has few opened", async () => {
    const channel: Handler = async (_incoming, send) =>
      send(encodeMessage({ windowNumber: 9, receiptsRoot: noReceipts, voucherUnits: 0n, creditRequests: 0 }));
    await withRogue({ gateway: { waitForProviderMs: 300 } }, { channel }, async (world, rogue) => {
      for (let i = 0; i < 8; i++) assert.equal((await asks(world, "hi")).status, 503);
      const channels = await channelsOf(world, rogue);
      assert.ok(channels.length <= 3, `${channels.length} channels were opened to it`);
    });
  });

  it("and never asks for its pay gets another one, not a request that waits for ever", async () => {
    let rogue: Rogue;
    const forgetful: RogueOptions = {
      async infer(request, send) {
        await send({ type: "tokens", text: "a", tokens: [1] });
        await send({ type: "leaf", leaf: rogue.leaf(request, "a", [1]) });
      },
    };
    const options = { gateway: { unbilledMs: 300, waitForProviderMs: 5_000 } };
    await withRogue(options, forgetful, async (world, found) => {
      rogue = found;
      assert.equal((await asks(world, "one")).status, 200);
      assert.equal((await asks(world, "two")).status, 200);
      assert.equal((await channelsOf(world, rogue)).length, 2);
    });
  });

  it("and asks for the same pay many times at once is paid once", async () => {
    let rogue: Rogue;
    let request: InferRequest | undefined;
    let leaf: Hex | undefined;
    const greedy: RogueOptions = {
      async infer(asked, send) {
        request = asked;
        leaf = rogue.leaf(asked, "a", [1]);
        await send({ type: "tokens", text: "a", tokens: [1] });
        await send({ type: "leaf", leaf });
      },
    };
    await withRogue({}, greedy, async (world, found) => {
      rogue = found;
      const price = { inputUnitsPerMTok: 1_000_000n, outputUnitsPerMTok: 1_000_000n };
      await rogue.publish(
        (await rogue.offer()).model.id,
        await rogue.offer({ price, sequence: world.clock.nowMs() + 1 }),
      );
      await until(
        async () =>
          JSON.stringify((await call(world.gateway, "GET", "/v1/models")).json()).includes("1000000"),
        "the new price is heard",
      );
      assert.equal((await asks(world, "hi")).status, 200);
      const id = request?.channelId as Hex;
      const leaves = [{ hash: hashOf(leaf as Hex), costUnits: 2n }];
      const window = closeWindow(openAccount(0n), id, 1, leaves);
      const signer = createMemorySigner(keccak(utf8("rogue")));
      const signature = await signer.sign(windowDigest(world.chain.deployment, window));
      const message = encodeMessage({
        window: { ...window, signature },
        leaves: leaves.map(({ hash }) => hash),
      });
      const settle = async (): Promise<string> => {
        for await (const item of rogue.network.request("peer-gateway", "settle", message))
          return JSON.parse(Buffer.from(item).toString()).voucher.signature as string;
        return "nothing";
      };
      const all = await Promise.all(
        Array.from({ length: 20 }, () => settle().catch((error: LichenError) => error.code)),
      );
      const vouchers = new Set(all.filter((one) => one.startsWith("0x")));
      assert.equal(vouchers.size, 1, all.join());
      assert.equal(await settle(), [...vouchers][0], "asked again, the same");
      const [channel] = await channelsOf(world, rogue);
      assert.equal(channel?.consumedUnits, 2n);
      assert.equal(channel?.unpaidLeaves, 0);
    });
  });
});

describe("a provider that offers too much", () => {
  const many = (count: number): { id: Hex; name: string; contextTokens: number }[] =>
    Array.from({ length: count }, (_, i) => ({
      id: toHex(keccak(utf8(`model ${i}`))),
      name: `model-${i}`,
      contextTokens: 1024,
    }));

  it("is heard for a bounded number of models", async () => {
    await withRogue({}, {}, async (world, rogue) => {
      const [topic] = [(await rogue.offer()).model.id];
      for (const model of many(200)) await rogue.publish(topic, await rogue.offer({ model }));
      for (const model of many(200)) await rogue.publish(model.id, await rogue.offer({ model }));
      await world.clock.sleep(300);
      const { data } = (await call(world.gateway, "GET", "/v1/models")).json();
      assert.equal(data.length, 1, "on one topic there is one model");
    });
  });

  it("gets one channel for all its models", async () => {
    const models = many(8);
    const offers = async (rogue: Rogue) => Promise.all(models.map((model) => rogue.offer({ model })));
    await withRogue({ gateway: { waitForProviderMs: 300 } }, { offers }, async (world, rogue) => {
      await Promise.all(models.map(({ name }) => asks(world, "hi", { model: name })));
      assert.equal((await channelsOf(world, rogue)).length, 1);
    });
  });

  it("gets no channel for an offer that names somebody else's peer", async () => {
    const offers = async (rogue: Rogue) => [await rogue.offer()];
    await withRogue(
      { providers: 1, gateway: { waitForProviderMs: 300 } },
      { offers },
      async (world, rogue) => {
        const stolen = await rogue.offer({ peerId: "peer-provider-1", sequence: world.clock.nowMs() + 5 });
        await rogue.publish(stolen.model.id, stolen);
        await world.clock.sleep(50);
        for (let i = 0; i < 3; i++) assert.equal((await asks(world, "hi")).status, 200);
        assert.equal((await channelsOf(world, rogue)).length, 0);
      },
    );
  });
});

describe("a gateway whose", () => {
  it("chain refuses a withdrawal asks for it again", async () => {
    let refusals = 3;
    const wrapGatewayLedger = (ledger: Ledger): Ledger =>
      new Proxy(ledger, {
        get(target, member) {
          if (member === "requestWithdrawal" && refusals-- > 0)
            return async () => {
              throw new LichenError("chain-unavailable", "the chain is away", { retryable: true });
            };
          const value: unknown = Reflect.get(target, member);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
    await inWorld({ wrapGatewayLedger }, async (world) => {
      assert.equal((await asks(world, "hi")).status, 200);
      await world.providers.splice(0, 1)[0]?.provider.stop();
      await world.gateway.closeChannels();
      const rows = await world.gatewayStore.list("payer-channels");
      const key = JSON.parse(rows[0]?.value ?? "").key as Parameters<Ledger["channel"]>[0];
      await until(
        async () => (await world.gatewayLedger.channel(key))?.withdrawableAtS !== undefined,
        "the withdrawal is asked for",
      );
      assert.equal(channelId(key), rows[0]?.key);
    });
  });

  for (const [name, table] of [
    ["voucher for a request in advance", "payer-channels"],
    ["voucher for a window", "payer-windows"],
  ] as const) {
    it(`disk refuses the ${name} goes on when it is back`, async () => {
      let failures = 0;
      let armed = false;
      const wrapGatewayStore = (store: Store): Store => ({
        get: (at, key) => store.get(at, key),
        list: (at, query) => store.list(at, query),
        close: () => store.close(),
        async commit(writes, options) {
          const hit = options?.durable === true && writes.some((write) => write.table === table);
          const signed = writes.some(({ value }) => value?.includes('"voucher"') === true);
          if (armed && hit && signed && failures < 2) {
            failures++;
            throw new LichenError("state-invalid", "the disk is full");
          }
          await store.commit(writes, options);
        },
      });
      await inWorld({ wrapGatewayStore }, async (world) => {
        armed = true;
        await until(async () => (await asks(world, "hi")).status === 200, "a request is answered");
        await until(async () => {
          const { channels } = await world.gateway.status();
          return channels.every(({ unpaidLeaves, windowNumber }) => unpaidLeaves === 0 && windowNumber > 0);
        }, "its window is paid");
        assert.equal((await asks(world, "again")).status, 200);
        assert.equal(failures, 2);
        const [ours] = (await world.gateway.status()).channels;
        await until(
          () => world.providers[0]?.provider.status().channels[0]?.unpaidLeaves === 0,
          "all is paid",
        );
        const theirs = world.providers[0]?.provider.status().channels[0];
        assert.equal(theirs?.id, ours?.id);
        assert.equal(theirs?.consumedUnits, (await world.gateway.status()).channels[0]?.consumedUnits);
      });
    });
  }
});
