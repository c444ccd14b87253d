import { systemClock as clock } from "@lichen/adapter-system";
import { createProvider, providerDefaults } from "@lichen/provider";
import { constantDelayEngine } from "./engine.ts";
import { configured, log, openNode, serveUsage, tell } from "./node.ts";

const config = await configured();
const node = await openNode(config, "provider");
const engine = constantDelayEngine(config.delayMs);
await createProvider({ ...node, clock, engine, log }, { ...providerDefaults, unitsPerEther: 0n }).start();
await tell({ ready: true });
serveUsage();
