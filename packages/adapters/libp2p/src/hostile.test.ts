import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, connect as connectTcp, type Socket } from "node:net";
import { after, test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { multiaddr } from "@multiformats/multiaddr";
import { concat, utf8 } from "@lichen/kernel";
import type { Network } from "@lichen/ports";
import { signerOfKey } from "@lichen/ports/compliance";
import {
  frameType,
  headerBytes,
  itemCost,
  noBytes,
  u32,
  windowBytes,
  writeFrame,
  writeU32,
  type FrameType,
} from "./internal/frame.ts";
import { methodHead } from "./internal/request-frame.ts";
import {
  createLibp2pNetwork,
  generatePeerKey,
  type Libp2pNetworkOptions,
  type NetworkFault,
} from "./index.ts";
import { makeRawPeer, RawStream, type RawPeer } from "./testing/raw-peer.ts";
import { wallClock } from "./testing/wall-clock.ts";

const chainId = 31_337;
const stops: (() => Promise<unknown>)[] = [];
after(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

type Honest = { network: Network; address: string; faults: NetworkFault[] };

async function honest(options: Partial<Libp2pNetworkOptions> = {}): Promise<Honest> {
  const faults: NetworkFault[] = [];
  const network = createLibp2pNetwork(
    { signer: signerOfKey(1), clock: wallClock },
    {
      chainId,
      role: "provider",
      privateKey: await generatePeerKey(),
      onFault: (fault) => faults.push(fault),
      ...options,
    },
  );
  network.serve("echo", async ({ body }, send) => send(body));
  await network.start();
  stops.push(() => network.stop());
  return { network, address: network.addresses()[0] as string, faults };
}

async function hostile(): Promise<RawPeer> {
  const peer = await makeRawPeer();
  stops.push(async () => peer.node.stop());
  return peer;
}

async function until(condition: () => boolean, waitMs = 30_000): Promise<void> {
  const end = performance.now() + waitMs;
  while (!condition()) {
    assert.ok(performance.now() < end, `not within ${waitMs} ms: ${condition.toString()}`);
    await delay(5);
  }
}

/** The peer was told why, hung up on, and the network still serves others. */
async function assertExpelled(
  raw: RawStream,
  { network, faults, address }: Honest,
  code: string,
): Promise<void> {
  await until(() => raw.reason() !== undefined);
  assert.equal(raw.reason()?.code, code);
  await raw.closed;
  assert.deepEqual(
    faults.map(({ error }) => error.code),
    [code],
  );
  assert.deepEqual(network.peers(), []);
  await assertServes({ network, faults, address });
}

async function assertServes({ network, address }: Honest): Promise<void> {
  const client = await honest({ role: "gateway" });
  await client.network.connect(address);
  assert.deepEqual(await ask(client.network, network.id, utf8("alive")), [utf8("alive")]);
}

/** Many frames with the same payload and consecutive ids. */
function frames(type: FrameType, firstId: number, count: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(count * (headerBytes + payload.length));
  let at = 0;
  for (let i = 0; i < count; i++) at = writeFrame(out, at, type, firstId + i, noBytes, payload);
  return out;
}

async function ask(from: Network, to: string, body: Uint8Array): Promise<Uint8Array[]> {
  const items: Uint8Array[] = [];
  for await (const item of from.request(to, "echo", body)) items.push(item);
  return items;
}

const otherVersion = utf8(JSON.stringify({ v: 99, binding: {} }));

const expulsions: Record<
  string,
  { code: string; act: (peer: RawPeer, address: string) => Promise<RawStream> }
> = {
  "a hello of another version": {
    code: "version-unsupported",
    act: async (peer, address) => {
      const raw = await peer.open(address);
      raw.send(frameType.hello, 0, otherVersion);
      return raw;
    },
  },
  "a hello that was overheard from another peer": {
    code: "bad-signature",
    act: async (peer, address) => {
      const other = await hostile();
      const raw = await peer.open(address);
      raw.send(frameType.hello, 0, await other.hello());
      return raw;
    },
  },
  "a hello that is no JSON": {
    code: "bad-message",
    act: async (peer, address) => {
      const raw = await peer.open(address);
      raw.send(frameType.hello, 0, utf8("{"));
      return raw;
    },
  },
  "a request before the hello": {
    code: "bad-frame",
    act: async (peer, address) => {
      const raw = await peer.open(address);
      raw.send(frameType.request, 1, concat(methodHead("echo"), utf8("x")));
      return raw;
    },
  },
  "a large frame before the hello": {
    code: "bad-frame",
    act: async (peer, address) => {
      const raw = await peer.open(address);
      raw.send(frameType.hello, 0, new Uint8Array(5000));
      return raw;
    },
  },
  "an oversized frame": {
    code: "bad-frame",
    act: async (peer, address) => {
      const raw = await peer.openKnown(address);
      const length = new Uint8Array(4);
      writeU32(length, 0, 0xffffffff);
      raw.stream.send(length);
      return raw;
    },
  },
  "an unknown frame type": {
    code: "bad-frame",
    act: async (peer, address) => {
      const raw = await peer.openKnown(address);
      raw.send(200 as 0, 1);
      return raw;
    },
  },
  "a request without a method": {
    code: "bad-frame",
    act: async (peer, address) => {
      const raw = await peer.openKnown(address);
      raw.send(frameType.request, 1, Uint8Array.of(0, 0, 0, 1, 9, 65));
      return raw;
    },
  },
  "half a frame, then the end": {
    code: "bad-frame",
    act: async (peer, address) => {
      const raw = await peer.openKnown(address);
      raw.stream.send(Uint8Array.of(0, 0, 1, 0, frameType.request, 0, 0));
      await raw.stream.close();
      return raw;
    },
  },
};

for (const [what, { code, act }] of Object.entries(expulsions)) {
  test(`${what} ends the connection with ${code}, and nothing else`, async () => {
    const victim = await honest();
    const raw = await act(await hostile(), victim.address);
    await assertExpelled(raw, victim, code);
  });
}

test("connect names both versions where the other side speaks another one", async () => {
  const { network } = await honest();
  const newer = await hostile();
  await newer.node.handle("/lichen/rpc/1", (stream) =>
    new RawStream(stream).send(frameType.hello, 0, otherVersion),
  );
  await assert.rejects(network.connect(newer.address), {
    code: "version-unsupported",
    message: /version 99.*speak 1/,
  });
  const foreign = await hostile();
  await foreign.node.handle("/lichen/rpc/2", () => undefined);
  await assert.rejects(network.connect(foreign.address), { code: "version-unsupported" });
});

test("a peer that never says who it is gets dropped", async () => {
  const victim = await honest({ helloTimeoutMs: 200 });
  const [mute, idle] = [await hostile(), await hostile()];
  const raw = await mute.open(victim.address);
  const connection = await idle.node.dial(multiaddr(victim.address));
  await raw.closed;
  await until(() => connection.status !== "open");
  assert.deepEqual(
    victim.faults.map(({ error }) => error.code),
    ["peer-unreachable"],
  );
  const listener = await hostile();
  await listener.node.handle("/lichen/rpc/1", () => undefined);
  await assert.rejects(victim.network.connect(listener.address), { code: "peer-unreachable" });
});

/** Sends the same bytes again and again, up to `times`, until it is hung up on. Never reads. */
async function flood(raw: RawStream, times: number, bytes: (turn: number) => Uint8Array): Promise<void> {
  raw.stream.pause();
  for (let turn = 0; turn < times && raw.stream.status === "open"; turn++) {
    raw.stream.send(bytes(turn));
    await delay(1);
  }
}

test("a flood of large requests whose answers are never read is held to a bound, then dropped", async () => {
  const victim = await honest({ pingMs: 300 });
  const raw = await (await hostile()).openKnown(victim.address);
  await until(() => victim.network.peers().length === 1);
  const before = process.memoryUsage().rss;
  const payload = concat(methodHead("echo"), new Uint8Array(60_000));
  await flood(raw, 2000, (turn) => frames(frameType.request, turn + 1, 1, payload));
  await until(() => victim.network.peers().length === 0);
  assert.deepEqual(
    victim.faults.map(({ error }) => error.code),
    ["peer-unreachable"],
  );
  // The flooder's own unsent requests, 120 MB, are in this process too.
  assert.ok(process.memoryUsage().rss - before < 600 * 2 ** 20);
  await assertServes(victim);
});

test("a flood of small requests whose answers are never read ends with limit-exceeded", async () => {
  const victim = await honest();
  const raw = await (await hostile()).openKnown(victim.address);
  await until(() => victim.network.peers().length === 1);
  await flood(raw, 300, (turn) => frames(frameType.request, turn * 4000, 4000, methodHead("echo")));
  await until(() => victim.faults.length > 0);
  assert.deepEqual(
    victim.faults.map(({ error }) => error.code),
    ["limit-exceeded"],
  );
  await assertServes(victim);
});

test("more requests at a time than allowed are refused one by one, the connection stays", async () => {
  const victim = await honest({ maxRequests: 8 });
  const raw = await (await hostile()).openKnown(victim.address);
  // No credit: the echoes wait and occupy their places.
  const head = methodHead("echo").slice();
  writeU32(head, 0, 0);
  for (let id = 1; id <= 20; id++) raw.send(frameType.request, id, head);
  await until(() => raw.seen.filter(({ type }) => type === frameType.error).length === 12);
  for (let id = 1; id <= 8; id++) raw.send(frameType.credit, id, u32(1000));
  await until(() => raw.seen.filter(({ type }) => type === frameType.end).length === 8);
  assert.deepEqual(victim.faults, []);
});

test("an answer beyond its credit ends the connection; the request fails", async () => {
  const { network, faults } = await honest();
  const flooder = await hostile();
  await flooder.node.handle("/lichen/rpc/1", async (stream) => {
    const raw = new RawStream(stream);
    raw.send(frameType.hello, 0, await flooder.hello());
    raw.send(frameType.ready, 0, u32(1024));
    await until(() => raw.seen.some(({ type }) => type === frameType.request));
    const id = raw.seen.find(({ type }) => type === frameType.request)?.id as number;
    for (let i = 0; i < 30 && stream.status === "open"; i++)
      raw.send(frameType.item, id, new Uint8Array(100_000));
  });
  await network.connect(flooder.address);
  const reader = network.request(flooder.id, "any", noBytes)[Symbol.asyncIterator]();
  await reader.next();
  await until(() => faults.length === 1);
  assert.equal(faults[0]?.error.code, "bad-frame");
  let bytes = 0;
  await assert.rejects(
    async () => {
      for (let next = await reader.next(); next.done !== true; next = await reader.next())
        bytes += next.value.length;
    },
    { code: "bad-frame" },
  );
  assert.ok(bytes <= windowBytes + itemCost(2 ** 20));
});

test("a peer that went silent without closing is noticed", async (context: TestContext) => {
  const server = await honest();
  const client = await honest({ role: "gateway", pingMs: 500 });
  const sockets: Socket[] = [];
  const [host, port] = ["127.0.0.1", Number(/tcp\/(\d+)/.exec(server.address)?.[1])];
  const proxy = createServer((inbound) => {
    const outbound = connectTcp(port, host);
    inbound.pipe(outbound).pipe(inbound);
    sockets.push(inbound, outbound);
    for (const socket of [inbound, outbound]) socket.on("error", () => undefined);
  }).listen(0, host);
  await once(proxy, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const { port: proxyPort } = proxy.address() as { port: number };
  await client.network.connect(server.address.replace(/tcp\/\d+/, `tcp/${proxyPort}`));
  await delay(2500);
  assert.equal(client.network.peers().length, 1, "an idle peer that answers pings stays");
  for (const socket of sockets) socket.unpipe().pause();
  await until(() => client.network.peers().length === 0);
  assert.equal(client.faults.at(-1)?.error.code, "peer-unreachable");
});

test("a stopped network leaves nothing that keeps the process alive", async () => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve("./testing/peer-process.ts")), "quit"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  assert.equal(output, "stopped after 3000 bytes\n");
  assert.equal(code, 0);
});
