import { systemClock as clock, systemRandom as random } from "@lichen/adapter-system";
import { createGateway, gatewayDefaults, type Gateway } from "@lichen/gateway";
import { LichenError } from "@lichen/kernel";
import type { Log } from "@lichen/ports";
import { bounds } from "../bounds.ts";
import { createListener } from "../listen/listener.ts";
import { pageRoutes } from "../listen/page.ts";
import { openFileLog } from "../log.ts";
import { serveParent } from "../supervise/serve-parent.ts";
import type { GatewayConfig, GatewayMethods } from "./contract.ts";
import { closeRoute, healthRoute } from "./host-routes.ts";
import { joinChain, openNode, type Node } from "./join.ts";

/** Looking often costs a local chain nothing, and a new provider is found at once. */
const localOptions = { ...gatewayDefaults, discoverEveryMs: 1_000, watchEveryMs: 500 };

/** How long the gateway may look for the providers that are known to run before it counts as ready without them. */
const meetMs = 10_000;
const meetPollMs = 50;

/** Runs the gateway until the supervisor lets go. */
export function run(): void {
  const undo = new AsyncDisposableStack();
  let prepared: { node: Node; config: GatewayConfig; log: Log } | undefined;
  let listener: ReturnType<typeof createListener>;
  const methods: GatewayMethods = {
    async prepare(config) {
      const { log, close } = openFileLog(config.logs, config.name);
      undo.defer(close);
      listener = createListener(log);
      // A port that is in use should be known before everything else is waited for.
      const port = await listener.bind(config.listen);
      undo.defer(() => listener.stop());
      const node = await openNode(config, config.dir, undo);
      prepared = { node, config, log };
      return { account: node.signer.address, port };
    },
    async start({ chain, providers }) {
      if (prepared === undefined) throw new LichenError("internal", "the gateway has not been prepared");
      const { node, config, log } = prepared;
      const { ledger, network } = await joinChain(node, chain, "gateway", log, undo);
      const { signer, store } = node;
      const { apiKey, version, page } = config;
      const gateway = createGateway(
        { network, ledger, store, signer, clock, random, log },
        { ...localOptions, apiKey },
      );
      undo.defer(() => gateway.stop());
      await gateway.start();
      await meetProviders(gateway, providers);
      await listener.mount(gateway, [...pageRoutes(page), healthRoute(version), closeRoute(gateway, apiKey)]);
      // Once more, on top: answers end before the gateway does.
      undo.defer(() => listener.stop());
    },
  };
  serveParent(methods, () => undo.disposeAsync(), bounds.stopMs.gateway);
}

async function meetProviders(gateway: Gateway, expected: number): Promise<void> {
  const deadline = performance.now() + meetMs;
  while (performance.now() < deadline && (await gateway.status()).providers.length < expected)
    await clock.sleep(meetPollMs);
}
