import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fromUtf8, LichenError, limits, utf8, type Hex } from "@lichen/kernel";
import { addressOfPrivateKey, signDigest, type Role } from "@lichen/wire";
import type { Handler, Network, PeerEvent } from "../network.ts";
import type { Signer } from "../signer.ts";

/** How the suite makes networks that can reach each other. */
export type NetworkSubject = {
  /** A network, not started, with an identity of its own. */
  create(options: { signer: Signer; chainId: number; role: Role }): Promise<Network>;
  /** A well-formed address at which nobody listens. */
  nowhere: string;
  teardown(): Promise<void>;
};

/** A signer over a fixed private key, its last byte `n`. */
export function signerOfKey(n: number): Signer {
  const key = new Uint8Array(32);
  key[31] = n;
  return { address: addressOfPrivateKey(key), sign: async (digest) => signDigest(digest, key) };
}

const chainId = 31_337;
/** Bound of every wait in the suite, milliseconds. */
const patienceMs = 30_000;
/** More than this unread on the way means that nobody holds a fast producer back. */
const heldBytes = 4 * 2 ** 20;

/** What every `Network` must do. */
export function networkCompliance(name: string, { setup }: { setup: () => Promise<NetworkSubject> }): void {
  describe(`network: ${name}`, () => {
    let subject: NetworkSubject;
    const started: Network[] = [];
    before(async () => {
      subject = await setup();
    });
    after(async () => {
      await Promise.all(started.map((network) => network.stop()));
      await subject.teardown();
    });

    let keys = 0;
    type Wish = { handlers?: Record<string, Handler>; chain?: number; role?: Role; signer?: Signer };
    const run = async ({
      handlers = {},
      chain = chainId,
      role = "provider",
      signer,
    }: Wish = {}): Promise<Network> => {
      const network = await subject.create({ signer: signer ?? signerOfKey(++keys), chainId: chain, role });
      for (const [method, handler] of Object.entries(handlers)) network.serve(method, handler);
      await network.start();
      started.push(network);
      return network;
    };
    /** Two networks, connected: the first serves. */
    const pair = async (handlers: Record<string, Handler>): Promise<{ server: Network; client: Network }> => {
      const server = await run({ handlers });
      const client = await run({ role: "gateway" });
      await client.connect(addressOf(server));
      return { server, client };
    };

    test("an answer is its items, in order, then the end; bytes of any size and value", async () => {
      const items = [utf8("one"), new Uint8Array(0), Uint8Array.from({ length: 300_000 }, (_, i) => i % 251)];
      const { server, client } = await pair({
        items: async (_, send) => {
          for (const item of items) await send(item);
        },
        echo: async ({ body }, send) => send(body),
        nothing: async () => undefined,
      });
      assert.deepEqual(await all(client.request(server.id, "items", utf8("x"))), items);
      const large = Uint8Array.from({ length: 500_000 }, (_, i) => i % 241);
      assert.deepEqual(await all(client.request(server.id, "echo", large)), [large]);
      assert.deepEqual(await all(client.request(server.id, "nothing", new Uint8Array(0))), []);
    });

    test("both sides know each other's account and role, and may ask", async () => {
      const events: PeerEvent[] = [];
      const seen: unknown[] = [];
      const server = await run({
        handlers: { who: async ({ peer }) => void seen.push(peer) },
        signer: signerOfKey(201),
      });
      server.onPeer((event) => events.push(event));
      const client = await run({ handlers: { echo: echo }, role: "gateway", signer: signerOfKey(202) });
      const clientPeer = { id: client.id, account: signerOfKey(202).address, role: "gateway" };
      assert.deepEqual(await client.connect(addressOf(server)), {
        id: server.id,
        account: signerOfKey(201).address,
        role: "provider",
      });
      assert.deepEqual(
        await client.connect(addressOf(server)),
        client.peers()[0],
        "connecting again finds the connection",
      );
      await all(client.request(server.id, "who", utf8("")));
      assert.deepEqual(seen, [clientPeer]);
      assert.deepEqual(events, [{ type: "connected", peer: clientPeer }]);
      assert.deepEqual(server.peers(), [clientPeer]);
      assert.deepEqual(await all(server.request(client.id, "echo", utf8("back"))), [utf8("back")]);
    });

    test("a handler's LichenError reaches the caller with code, message and advice; other errors stay at home", async () => {
      const { server, client } = await pair({
        refuse: async (_, send) => {
          await send(utf8("before"));
          throw new LichenError("no-credit", "the window is full", {
            retryable: true,
            details: "at home only",
          });
        },
        crash: () => {
          throw new TypeError("secret path /home/me");
        },
      });
      const items: string[] = [];
      const reading = (async () => {
        for await (const item of client.request(server.id, "refuse", utf8(""))) items.push(fromUtf8(item));
      })();
      await assert.rejects(reading, {
        code: "no-credit",
        message: "the window is full",
        retryable: true,
        details: undefined,
      });
      assert.deepEqual(items, ["before"]);
      await assert.rejects(
        all(client.request(server.id, "crash", utf8(""))),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "internal");
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
      await assert.rejects(all(client.request(server.id, "unknown", utf8(""))), { code: "bad-message" });
      assert.deepEqual(
        await all(client.request(server.id, "refuse", utf8(""))).catch((e: { code: string }) => e.code),
        "no-credit",
      );
    });

    test("leaving the iteration, and aborting, reach the handler", async () => {
      const reasons: string[] = [];
      const { server, client } = await pair({
        endless: async ({ signal }, send) => {
          try {
            for (let i = 0; i < 1_000_000; i++) {
              await send(utf8(String(i)));
              await delay(1);
            }
          } finally {
            reasons.push(`${signal.aborted} ${(signal.reason as { code?: string } | undefined)?.code}`);
          }
        },
        silent: ({ signal }) =>
          new Promise((_, reject) =>
            signal.addEventListener("abort", () => {
              reasons.push("silent");
              reject(signal.reason as Error);
            }),
          ),
      });
      for await (const item of client.request(server.id, "endless", utf8("")))
        if (fromUtf8(item) === "3") break;
      await until(() => reasons.length === 1);
      const controller = new AbortController();
      const asking = all(client.request(server.id, "endless", utf8(""), controller.signal));
      await delay(20);
      controller.abort(new Error("enough"));
      await assert.rejects(asking, { message: "enough" });
      await until(() => reasons.length === 2);
      assert.deepEqual(reasons, ["true cancelled", "true cancelled"]);
      const waiting = new AbortController();
      const quiet = all(client.request(server.id, "silent", utf8(""), waiting.signal));
      await delay(20);
      waiting.abort(new Error("no more"));
      await assert.rejects(quiet, { message: "no more" });
      await until(() => reasons.includes("silent"));
      await assert.rejects(
        all(client.request(server.id, "endless", utf8(""), AbortSignal.abort(new Error("never")))),
        {
          message: "never",
        },
      );
    });

    test("a fast producer is held to a bound while its reader sleeps, and nobody else is", async () => {
      let sentBytes = 0;
      const total = 4096;
      const { server, client } = await pair({
        flood: async (_, send) => {
          for (let i = 0; i < total; i++) {
            await send(new Uint8Array(8192).fill(i % 256));
            sentBytes += 8192;
          }
        },
        echo,
      });
      const reader = client.request(server.id, "flood", utf8(""))[Symbol.asyncIterator]();
      await reader.next();
      await delay(200);
      const held = sentBytes;
      assert.ok(held <= heldBytes, `${held} bytes were sent to a sleeping reader`);
      assert.deepEqual(await all(client.request(server.id, "echo", utf8("meanwhile"))), [utf8("meanwhile")]);
      await delay(100);
      assert.equal(sentBytes, held);
      let read = 1;
      for (let next = await reader.next(); next.done !== true; next = await reader.next()) {
        assert.equal(next.value[0], read++ % 256);
      }
      assert.equal(read, total);
    });

    test("many requests at once share a connection without mixing", async () => {
      const { server, client } = await pair({
        twice: async ({ body }, send) => {
          await send(body);
          await delay(Number(body[0]) % 3);
          await send(body);
        },
      });
      const bodies = Array.from({ length: 1000 }, (_, i) => utf8(`${i % 10} request ${i}`));
      const answers = await Promise.all(bodies.map((body) => all(client.request(server.id, "twice", body))));
      assert.deepEqual(
        answers,
        bodies.map((body) => [body, body]),
      );
    });

    test("beyond the bound of requests in flight, a clear refusal; the others are answered", async () => {
      const gate = Promise.withResolvers<void>();
      const { server, client } = await pair({ wait: () => gate.promise });
      const outcomes = Array.from({ length: 1200 }, () =>
        all(client.request(server.id, "wait", utf8(""))).then(
          () => "answered",
          (error: { code: string; retryable: boolean }) => `${error.code} ${error.retryable}`,
        ),
      );
      await delay(50);
      gate.resolve();
      const counted = Object.groupBy(await Promise.all(outcomes), (outcome) => outcome);
      assert.deepEqual(Object.keys(counted).sort(), ["answered", "limit-exceeded true"]);
      assert.equal(counted.answered?.length, 1024);
    });

    test("requests and items that fit no frame are refused, the connection stays", async () => {
      const { server, client } = await pair({
        echo,
        huge: async (_, send) => send(new Uint8Array(limits.frameBytes)),
      });
      await assert.rejects(all(client.request(server.id, "echo", new Uint8Array(limits.frameBytes))), {
        code: "limit-exceeded",
      });
      await assert.rejects(all(client.request(server.id, "huge", utf8(""))), { code: "limit-exceeded" });
      assert.deepEqual(await all(client.request(server.id, "echo", utf8("still here"))), [
        utf8("still here"),
      ]);
    });

    test("a peer that stops in the middle fails the request, aborts the handler and is reported", async () => {
      const ends: string[] = [];
      const hang: Handler = async ({ signal }, send) => {
        await send(utf8("begun"));
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        ends.push("aborted");
      };
      for (const who of ["server", "client"] as const) {
        const { server, client } = await pair({ hang });
        const events: string[] = [];
        server.onPeer(({ type }) => type === "disconnected" && events.push("server"));
        client.onPeer(({ type }) => type === "disconnected" && events.push("client"));
        const reader = client.request(server.id, "hang", utf8(""))[Symbol.asyncIterator]();
        assert.deepEqual((await reader.next()).value, utf8("begun"));
        const failed = assert.rejects(reader.next(), { code: "peer-unreachable", retryable: true });
        await (who === "server" ? server : client).stop();
        await failed;
        await until(() => events.length === 2);
        assert.deepEqual(events.sort(), ["client", "server"]);
        assert.deepEqual([server.peers(), client.peers()], [[], []]);
        await assert.rejects(all(client.request(server.id, "hang", utf8(""))), { code: "peer-unreachable" });
      }
      await until(() => ends.length === 2);
    });

    test("an address that leads nowhere is unreachable", async () => {
      const network = await run();
      for (const address of [
        subject.nowhere,
        "not an address",
        "",
        "/ip4/127.0.0.1/tcp/99999",
        "/memory/%00",
      ]) {
        await assert.rejects(network.connect(address), { code: "peer-unreachable" }, address);
      }
      await assert.rejects(network.connect(subject.nowhere, AbortSignal.abort(new Error("never mind"))), {
        message: "never mind",
      });
      await assert.rejects(all(network.request("nobody", "echo", utf8(""))), { code: "peer-unreachable" });
    });

    test("another chain is refused by both sides", async () => {
      const here = await run();
      const there = await run({ chain: 1 });
      await assert.rejects(here.connect(addressOf(there)), { code: "chain-mismatch" });
      await assert.rejects(there.connect(addressOf(here)), { code: "chain-mismatch" });
      assert.deepEqual([here.peers(), there.peers()], [[], []]);
    });

    test("an account that did not sign for the peer is refused, whoever dials", async () => {
      const honest = await run();
      const forged: Signer = {
        address: signerOfKey(250).address,
        sign: (digest) => signerOfKey(251).sign(digest),
      };
      const garbled: Signer = {
        address: signerOfKey(250).address,
        sign: async (): Promise<Hex> => `0x${"00".repeat(65)}`,
      };
      let overheard: Hex | undefined;
      const victim = await run({
        signer: {
          address: signerOfKey(252).address,
          sign: async (digest) => (overheard = await signerOfKey(252).sign(digest)),
        },
      });
      const replayed: Signer = { address: signerOfKey(252).address, sign: async () => overheard as Hex };
      assert.equal((await honest.connect(addressOf(victim))).account, signerOfKey(252).address);
      for (const signer of [forged, garbled, replayed]) {
        const liar = await run({ signer });
        await assert.rejects(liar.connect(addressOf(honest)), { code: "bad-signature" });
        await assert.rejects(honest.connect(addressOf(liar)), { code: "bad-signature" });
        assert.deepEqual(liar.peers(), []);
      }
      assert.deepEqual(
        honest.peers().map(({ id }) => id),
        [victim.id],
      );
    });

    test("peers that dial each other at the same time end up with one connection and lose nothing", async () => {
      for (let round = 0; round < 5; round++) {
        const events: string[] = [];
        const slow: Handler = async ({ body }, send) => {
          await delay(5);
          await send(body);
        };
        const [a, b] = [await run({ handlers: { slow } }), await run({ handlers: { slow } })];
        a.onPeer(({ type, peer }) => events.push(`a ${type} ${peer.id === b.id}`));
        b.onPeer(({ type, peer }) => events.push(`b ${type} ${peer.id === a.id}`));
        const ask = async (from: Network, to: Network): Promise<void> => {
          await from.connect(addressOf(to));
          for (let turn = 0; turn < 10; turn++) {
            const bodies = Array.from({ length: 20 }, (_, i) => utf8(`${from.id} ${turn} ${i}`));
            const answers = await Promise.all(bodies.map((body) => all(from.request(to.id, "slow", body))));
            assert.deepEqual(
              answers,
              bodies.map((body) => [body]),
            );
          }
        };
        await Promise.all([ask(a, b), ask(b, a)]);
        assert.deepEqual([a.peers().length, b.peers().length], [1, 1]);
        assert.deepEqual(events.sort(), ["a connected true", "b connected true"]);
      }
    });

    test("gossip reaches each listener once, through others too; a publisher need not listen", async () => {
      const [publisher, near, far] = [await run(), await run(), await run()];
      const heard: string[] = [];
      const listen = (who: string) => (data: Uint8Array, from: string) =>
        void heard.push(`${who} ${fromUtf8(data)} ${from === publisher.id}`);
      near.subscribe("topic", listen("near"));
      far.subscribe("topic", listen("far"));
      await publisher.publish("topic", utf8("to nobody"));
      await publisher.connect(addressOf(near));
      await near.connect(addressOf(far));
      const both = (n: number): boolean =>
        ["near", "far"].every((who) => heard.includes(`${who} m${n} true`));
      let n = 0;
      await until(async () => {
        await publisher.publish("topic", utf8(`m${++n}`));
        await delay(50);
        return both(n);
      });
      await publisher.connect(addressOf(far));
      await publisher.publish("topic", utf8("twice reachable"));
      await until(
        () => heard.includes("far twice reachable true") && heard.includes("near twice reachable true"),
      );
      await publisher.publish("another topic", utf8("unheard"));
      near.unsubscribe("topic");
      await delay(100);
      await publisher.publish("topic", utf8("late"));
      await until(() => heard.includes("far late true"));
      await delay(50);
      assert.equal(new Set(heard).size, heard.length, "nothing was heard twice");
      assert.ok(
        !heard.some(
          (line) => line.startsWith("near late") || line.includes("unheard") || line.includes("nobody"),
        ),
      );
    });

    test("oversized gossip is refused where it is published; a stopped network says so", async () => {
      const network = await run();
      await network.publish("topic", new Uint8Array(limits.offerBytes));
      await assert.rejects(network.publish("topic", new Uint8Array(limits.offerBytes + 1)), {
        code: "limit-exceeded",
      });
      await network.stop();
      await network.stop();
      await assert.rejects(network.publish("topic", utf8("")), { code: "peer-unreachable" });
      await assert.rejects(network.connect(subject.nowhere), { code: "peer-unreachable" });
      assert.deepEqual(network.addresses(), []);
    });
  });
}

const echo: Handler = async ({ body }, send) => send(body);

function addressOf(network: Network): string {
  const address = network.addresses()[0];
  assert.ok(address !== undefined, "a started network has an address");
  return address;
}

async function all(items: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `not within ${patienceMs} ms: ${condition.toString()}`);
    await delay(5);
  }
}
