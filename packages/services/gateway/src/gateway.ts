import { LichenError } from "@lichen/kernel";
import type { Clock, HttpService, Ledger, Log, Network, Random, Signer, Store } from "@lichen/ports";
import { PayerBook } from "./account/book.ts";
import { closeChannels } from "./account/close.ts";
import { settle } from "./account/settle.ts";
import { watchLoop } from "./account/watch.ts";
import { createQueue } from "./answer/queue.ts";
import type { Context } from "./context.ts";
import { gatewayRoutes } from "./http/routes.ts";
import type { GatewayOptions } from "./options.ts";
import { gatewayStatus, type GatewayStatus } from "./status.ts";
import { createDiscovery } from "./supply/discover.ts";
import { Market } from "./supply/market.ts";

export type { GatewayStatus } from "./status.ts";

/** The ports that a gateway works with. */
export type GatewayComponents = {
  network: Network;
  ledger: Ledger;
  store: Store;
  signer: Signer;
  clock: Clock;
  random: Random;
  log: Log;
};

/** A running gateway, and the routes that a listener mounts. */
export type Gateway = HttpService & {
  /** Takes up its channels, connects, looks for providers. */
  start(): Promise<void>;
  stop(): Promise<void>;
  status(): Promise<GatewayStatus>;
  /** Has every channel settled, claimed and emptied; for good. */
  closeChannels(): Promise<void>;
};

/**
 * The buyer's side: takes OpenAI requests, finds a provider, pays for the answer. Expects a started
 * ledger and a network that has not been started.
 *
 * @example
 * const gateway = createGateway({ network, ledger, store, signer, clock, random, log }, { ...gatewayDefaults, apiKey });
 * await gateway.start();
 */
export function createGateway(components: GatewayComponents, options: GatewayOptions): Gateway {
  const stopping = new AbortController();
  const { network, clock } = components;
  const context: Context = {
    ...components,
    options,
    book: new PayerBook(components),
    market: new Market(),
    preparing: new Set(),
    queue: createQueue(options.maxWaiting),
    stopping: stopping.signal,
  };
  const discovery = createDiscovery(context);
  let loops: Promise<unknown> = Promise.resolve();

  return {
    ...gatewayRoutes(context),
    async start() {
      await context.book.load();
      network.serve("settle", (incoming, send) => settle(context, incoming, send));
      network.onPeer(({ type, peer }) => {
        if (type === "connected") return;
        context.market.prune(clock.nowMs(), peer.id);
        for (const channel of context.book.channels.values())
          if (channel.peerId === peer.id) channel.peerId = undefined;
      });
      await network.start();
      loops = Promise.all([discovery.run(), watchLoop(context)]);
    },
    async stop() {
      stopping.abort(new LichenError("peer-unreachable", "the gateway is stopping", { retryable: true }));
      await loops;
      await network.stop();
    },
    status: () => gatewayStatus(context),
    closeChannels: () => closeChannels(context),
  };
}
