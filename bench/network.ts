/**
 * Requests a second over libp2p between two processes of this machine, JSON of about 1 kB, three items
 * back; against a libp2p stream per request, the usual way. `node bench/network.ts [seconds]`
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createLibp2p, type Libp2p } from "libp2p";
import { noise } from "@libp2p/noise";
import { yamux } from "@libp2p/yamux";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { utf8 } from "@lichen/kernel";
import { signerOfKey } from "@lichen/ports/compliance";
import { createLibp2pNetwork, generatePeerKey } from "@lichen/adapter-libp2p";
import { systemClock } from "@lichen/adapter-system";

const seconds = Number(process.argv[2] ?? 4);
const text = "x".repeat(900);
const request = { model: "m", seed: 1, messages: [{ role: "user", content: text }] };
const protocol = "/bench/stream-per-request/1";

type Row = { way: string; clients: number; rps: number; clientUs: number; serverUs: number };
type Server = { address: string; cpuUs: () => Promise<number>; stop: () => void };

async function plainNode(): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
}

async function serve(args: string[]): Promise<Server> {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args);
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout });
  const [address] = (await once(lines, "line")) as [string];
  const cpuUs = async (): Promise<number> => {
    child.stdin.write("cpu\n");
    return Number(((await once(lines, "line")) as [string])[0]);
  };
  return { address, cpuUs, stop: () => child.stdin.end() };
}

async function measure(
  way: string,
  clients: number,
  server: Server,
  ask: () => Promise<number>,
): Promise<Row> {
  const loop = async (untilMs: number): Promise<number> => {
    let asked = 0;
    while (performance.now() < untilMs) {
      if ((await ask()) < 3 * text.length) throw new Error("the answer is too short");
      asked++;
    }
    return asked;
  };
  const round = (ms: number): Promise<number[]> => {
    const untilMs = performance.now() + ms;
    return Promise.all(Array.from({ length: clients }, () => loop(untilMs)));
  };
  await round(1000);
  const [cpu, serverBefore, startMs] = [process.cpuUsage(), await server.cpuUs(), performance.now()];
  const asked = (await round(seconds * 1000)).reduce((sum, n) => sum + n, 0);
  const { user, system } = process.cpuUsage(cpu);
  const rps = asked / ((performance.now() - startMs) / 1000);
  const serverUs = ((await server.cpuUs()) - serverBefore) / asked;
  return {
    way,
    clients,
    rps: Math.round(rps),
    clientUs: Math.round((user + system) / asked),
    serverUs: Math.round(serverUs),
  };
}

if (process.argv[2] === "serve-streams") {
  const node = await plainNode();
  await node.handle(
    protocol,
    async (stream) => {
      for await (const data of stream) {
        for (let i = 0; i < 3; i++) stream.send(data.slice());
        await stream.close();
        return;
      }
    },
    { maxInboundStreams: 2000 },
  );
  console.log(String(node.getMultiaddrs()[0]));
  for await (const line of process.stdin) {
    const { user, system } = process.cpuUsage();
    if (String(line).startsWith("cpu")) console.log(user + system);
  }
  await node.stop();
} else {
  const rows: Row[] = [];
  const framed = await serve([
    fileURLToPath(new URL("./testing/peer-process.ts", import.meta.resolve("@lichen/adapter-libp2p"))),
    "serve",
  ]);
  const network = createLibp2pNetwork(
    { signer: signerOfKey(2), clock: systemClock },
    { chainId: 31_337, role: "gateway", privateKey: await generatePeerKey() },
  );
  await network.start();
  const peer = await network.connect(framed.address);
  for (const clients of [1, 32, 256]) {
    const row = await measure("one framed stream", clients, framed, async () => {
      let bytes = 0;
      for await (const item of network.request(peer.id, "echo3", utf8(JSON.stringify(request))))
        bytes += item.length;
      return bytes;
    });
    rows.push(row);
  }
  await network.stop();
  framed.stop();

  const streams = await serve([fileURLToPath(import.meta.url), "serve-streams"]);
  const node = await plainNode();
  const connection = await node.dial(multiaddr(streams.address));
  for (const clients of [1, 32, 256]) {
    const row = await measure("a stream per request", clients, streams, async () => {
      const stream = await connection.newStream(protocol, { maxOutboundStreams: 2000 });
      stream.send(utf8(JSON.stringify(request)));
      let bytes = 0;
      for await (const data of stream) bytes += data.byteLength;
      await stream.close();
      return bytes;
    });
    rows.push(row);
  }
  await node.stop();
  streams.stop();

  console.table(rows);
  const at = (way: string): Row => rows.find((row) => row.way === way && row.clients === 32) as Row;
  const [ours, usual] = [at("one framed stream"), at("a stream per request")];
  const { rps: framedRpsC32, clientUs: framedClientUs, serverUs: framedServerUs } = ours;
  console.log(
    JSON.stringify({
      framedRpsC32,
      framedClientUs,
      framedServerUs,
      streamRpsC32: usual.rps,
      ratio: ours.rps / usual.rps,
    }),
  );
}
