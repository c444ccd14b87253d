/**
 * One side of a conversation in a process of its own. `node peer-process.ts serve` prints its address
 * and answers `echo3` (three items of about 1 kB) until its input ends; `quit` starts two networks,
 * lets them talk, stops them and must then exit by itself.
 */
import { signerOfKey } from "@lichen/ports/compliance";
import type { Network } from "@lichen/ports";
import { createLibp2pNetwork, generatePeerKey } from "../index.ts";
import { wallClock } from "./wall-clock.ts";

async function make(n: number): Promise<Network> {
  const privateKey = await generatePeerKey();
  const role = n === 1 ? "provider" : "gateway";
  const network = createLibp2pNetwork(
    { signer: signerOfKey(n), clock: wallClock },
    { chainId: 31_337, role, privateKey },
  );
  network.serve("echo3", async ({ body }, send) => {
    for (let i = 0; i < 3; i++) await send(body);
  });
  await network.start();
  return network;
}

const server = await make(1);
if (process.argv[2] === "serve") {
  console.log(server.addresses()[0]);
  for await (const line of process.stdin) {
    // Asked for its processor time so far, in microseconds.
    if (String(line).startsWith("cpu")) {
      const { user, system } = process.cpuUsage();
      console.log(user + system);
    }
  }
  await server.stop();
} else {
  const client = await make(2);
  await client.connect(server.addresses()[0] as string);
  let items = 0;
  for await (const item of client.request(server.id, "echo3", new Uint8Array(1000))) items += item.length;
  client.subscribe("topic", () => undefined);
  await server.publish("topic", new Uint8Array(10));
  await Promise.all([server.stop(), client.stop()]);
  console.log(`stopped after ${items} bytes`);
}
