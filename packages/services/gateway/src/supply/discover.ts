import { LichenError, toLichenError, type Hex } from "@lichen/kernel";
import {
  decodeMessage,
  describeResponseSchema,
  offerSchema,
  offerTopic,
  verifyOffer,
  type Offer,
} from "@lichen/wire";
import { ask, within, type NodeRecord } from "@lichen/ports";
import type { Context } from "../context.ts";
import { prepare } from "./prepare.ts";

const connectMs = 10_000;
const describeMs = 5_000;
/** Nodes of the registry that are looked at: those with the most stake. A stranger's entry costs it only gas. */
const maxNodes = 256;
/** Failed dials double the pause up to this many rounds of discovery. */
const maxSkippedRounds = 12;

/** Finds providers: reads the registry, connects to who is new, asks what it serves, listens for changes. */
export function createDiscovery(context: Context): { run(): Promise<void> } {
  const { network, clock, ledger, log, market, options, stopping, queue, book } = context;
  const listening = new Set<Hex>();
  const backoff = new Map<Hex, { failures: number; skip: number }>();

  async function run(): Promise<void> {
    while (!stopping.aborted) {
      try {
        const nodes = mostStaked(await ledger.nodes());
        market.setStakes(new Map(nodes.map(({ account, stakeUnits }) => [account, stakeUnits])));
        await Promise.all(nodes.filter(isDue).map(meet));
      } catch (error) {
        log("warn", "discovery.failed", { message: toLichenError(error).message });
      }
      market.prune(clock.nowMs());
      for (const model of listening) if (!market.sells(model)) unhear(model);
      await clock.sleep(options.discoverEveryMs, stopping).catch(() => {});
    }
  }

  function isDue({ account }: NodeRecord): boolean {
    if (account === ledger.account) return false;
    const wait = backoff.get(account);
    return wait === undefined || wait.skip-- <= 0;
  }

  /** Connects if need be, and takes the node's offers. */
  async function meet({ account, endpoint }: NodeRecord): Promise<void> {
    try {
      const known = network.peers().find((peer) => peer.account === account);
      const peer =
        known ?? (await within(clock, connectMs, stopping, (signal) => network.connect(endpoint, signal)));
      if (peer.account !== account)
        throw new LichenError("peer-unreachable", `its endpoint is that of ${peer.account}`);
      if (known !== undefined && sells(account)) return;
      const { offers } = await within(clock, describeMs, stopping, (signal) =>
        ask(network, peer.id, "describe", {}, describeResponseSchema, signal),
      );
      for (const offer of offers) if (offer.peerId === peer.id) hear(offer);
      takeUp(account);
      backoff.delete(account);
    } catch (error) {
      const failures = (backoff.get(account)?.failures ?? 0) + 1;
      backoff.set(account, { failures, skip: Math.min(2 ** failures, maxSkippedRounds) });
      if (failures === 1)
        log("warn", "provider.unreachable", { account, message: toLichenError(error).message });
    }
  }

  /** A provider we owe something must be able to ask for it, whether or not we need it again. */
  function takeUp(account: Hex): void {
    if (book.of(account) === undefined) return;
    const supplier = market.supplierOf(account);
    if (supplier !== undefined) prepare(context, supplier);
  }

  function sells(account: Hex): boolean {
    return market.supplierOf(account) !== undefined;
  }

  /** Takes an offer in if it is what it says, and listens to its model's topic from now on. */
  function hear(offer: Offer): void {
    if (!market.isNews(offer)) return;
    const nowMs = clock.nowMs();
    verifyOffer(offer, ledger.deployment.chainId, nowMs);
    if (market.add(offer, nowMs)) {
      log("info", "offer.heard", { provider: offer.provider, model: offer.model.name });
      queue.wake(offer.slots);
    }
    listen(offer.model.id);
  }

  function listen(model: Hex): void {
    if (listening.has(model)) return;
    listening.add(model);
    network.subscribe(offerTopic(model), (data) => {
      try {
        const offer = decodeMessage(offerSchema, data, "offer");
        // Else whoever speaks on one topic could make us listen to any number of others.
        if (offer.model.id === model) hear(offer);
      } catch (error) {
        log("warn", "offer.invalid", { message: toLichenError(error).message });
      }
    });
  }

  function unhear(model: Hex): void {
    listening.delete(model);
    network.unsubscribe(offerTopic(model));
  }

  return { run };
}

function mostStaked(nodes: readonly NodeRecord[]): readonly NodeRecord[] {
  if (nodes.length <= maxNodes) return nodes;
  return nodes.toSorted((a, b) => (b.stakeUnits > a.stakeUnits ? 1 : -1)).slice(0, maxNodes);
}
