import { systemClock as clock, systemRandom as random } from "@lichen/adapter-system";
import { createGateway, gatewayDefaults } from "@lichen/gateway";
import { createListener } from "@lichen/host";
import { configured, log, openNode, serveUsage, tell } from "./node.ts";

const config = await configured();
const node = await openNode(config, "gateway");
const options = {
  ...gatewayDefaults,
  apiKey: "sk-bench",
  depositUnits: 1_000_000_000n,
  discoverEveryMs: 500,
};
const gateway = createGateway({ ...node, clock, random, log }, options);
await gateway.start();
const listener = createListener(log);
await listener.mount(gateway);
const port = await listener.bind({ host: "127.0.0.1", port: 0, tries: 1 });
await tell({ ready: true, port });
serveUsage();
