import { gossipsub, type GossipSub } from "@libp2p/gossipsub";
import { LichenError, limits, toLichenError } from "@lichen/kernel";

type Listener = (data: Uint8Array, from: string) => void;

/** Gossipsub as every Lichen node speaks it. */
export const gossipService: ReturnType<typeof gossipsub> = gossipsub({
  // To all known listeners, not to a sample: small networks work, and offers are rare.
  floodPublish: true,
  allowPublishToZeroTopicPeers: true,
  emitSelf: false,
  fallbackToFloodsub: false,
  globalSignaturePolicy: "StrictSign",
  maxInboundDataLength: limits.offerBytes,
  // Many honest nodes share an address: one machine, one office.
  scoreParams: { IPColocationFactorWeight: 0 },
});

/** Topics of one node and who listens to them here. */
export class Gossip {
  readonly #topics: Map<string, Set<Listener>> = new Map();
  readonly #onFault: (peerId: string, error: LichenError) => void;
  #pubsub: GossipSub | undefined;

  constructor(onFault: (peerId: string, error: LichenError) => void) {
    this.#onFault = onFault;
  }

  /** @param isKnown whether a peer said who it is; what others pass on is not heard */
  start(pubsub: GossipSub, isKnown: (peerId: string) => boolean): void {
    this.#pubsub = pubsub;
    pubsub.addEventListener("gossipsub:message", ({ detail }) => {
      const { msg, propagationSource } = detail;
      if (msg.type === "signed" && isKnown(propagationSource.toString()))
        this.#hear(msg.topic, msg.data, msg.from.toString());
    });
    for (const topic of this.#topics.keys()) pubsub.subscribe(topic);
  }

  stop(): void {
    this.#pubsub = undefined;
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    if (data.length > limits.offerBytes) {
      const details = `${data.length} bytes, at most ${limits.offerBytes}`;
      throw new LichenError("limit-exceeded", "a gossiped message is too large", { details });
    }
    const pubsub = this.#pubsub;
    if (pubsub === undefined) {
      throw new LichenError("peer-unreachable", "the network is not running", { retryable: true });
    }
    await pubsub.publish(topic, data);
  }

  subscribe(topic: string, listener: Listener): void {
    const listeners = this.#topics.get(topic);
    if (listeners !== undefined) {
      listeners.add(listener);
    } else {
      this.#topics.set(topic, new Set([listener]));
      this.#pubsub?.subscribe(topic);
    }
  }

  unsubscribe(topic: string): void {
    if (this.#topics.delete(topic)) this.#pubsub?.unsubscribe(topic);
  }

  #hear(topic: string, data: Uint8Array, from: string): void {
    if (data.length > limits.offerBytes) return;
    for (const listener of this.#topics.get(topic) ?? []) {
      try {
        listener(data, from);
      } catch (error) {
        this.#onFault(from, toLichenError(error));
      }
    }
  }
}
