import { LichenError, limits } from "@lichen/kernel";
import { peerBindingDigest, verifyPeerBinding, type PeerBinding, type Role } from "@lichen/wire";
import type { Handler, Network, Peer, PeerEvent } from "../network.ts";
import type { Signer } from "../signer.ts";
import { Exchange } from "./network-exchange.ts";

/** What connects the memory networks of one process: each is found by its id. */
export class MemoryHub {
  readonly running: Map<string, MemoryNetwork> = new Map();
}

export type MemoryNetworkOptions = {
  /** Peer id, unique in the hub. */
  id: string;
  signer: Signer;
  chainId: number;
  role: Role;
  /** Requests in flight between two peers, per direction. Default 1,024. */
  maxRequests?: number;
};

/**
 * A network whose peers live in one process, with the semantics of the real one: identities are
 * verified, answers wait for their readers, gossip travels along connections between listeners.
 *
 * @example
 * const hub = new MemoryHub();
 * const a = createMemoryNetwork(hub, { id: "a", signer, chainId: 31337, role: "gateway" });
 */
export function createMemoryNetwork(hub: MemoryHub, options: MemoryNetworkOptions): Network {
  return new MemoryNetwork(hub, options);
}

const prefix = "/memory/";
/** What a request's frame needs besides its body on a real wire. */
const overheadBytes = 128;

type Link = { peer: Peer; network: MemoryNetwork; asked: Set<Exchange>; served: Set<Exchange> };

class MemoryNetwork implements Network {
  readonly id: string;
  readonly #hub: MemoryHub;
  readonly #options: MemoryNetworkOptions;
  readonly #handlers: Map<string, Handler> = new Map();
  readonly #links: Map<string, Link> = new Map();
  readonly #listeners: ((event: PeerEvent) => void)[] = [];
  readonly #topics: Map<string, Set<(data: Uint8Array, from: string) => void>> = new Map();
  #binding: PeerBinding | undefined;

  constructor(hub: MemoryHub, options: MemoryNetworkOptions) {
    this.#hub = hub;
    this.#options = options;
    this.id = options.id;
  }

  async start(): Promise<void> {
    const { signer, chainId, role, id } = this.#options;
    if (this.#binding !== undefined) throw new LichenError("bad-argument", "a network starts once");
    if (this.#hub.running.has(id)) throw new LichenError("port-in-use", `peer ${id} runs already`);
    const unsigned = { chainId, peerId: id, account: signer.address, role };
    this.#binding = { ...unsigned, signature: await signer.sign(peerBindingDigest(unsigned)) };
    this.#hub.running.set(id, this);
  }

  async stop(): Promise<void> {
    if (this.#hub.running.get(this.id) === this) this.#hub.running.delete(this.id);
    for (const { network } of this.#links.values()) {
      this.#drop(network.id);
      network.#drop(this.id);
    }
  }

  addresses(): string[] {
    return this.#running ? [prefix + this.id] : [];
  }

  async connect(address: string, signal?: AbortSignal): Promise<Peer> {
    signal?.throwIfAborted();
    const other = address.startsWith(prefix)
      ? this.#hub.running.get(address.slice(prefix.length))
      : undefined;
    if (other === undefined || other === this || !this.#running) {
      throw new LichenError("peer-unreachable", "nobody answers at the address", {
        details: address,
        retryable: true,
      });
    }
    const peer = this.#verify(other);
    other.#verify(this);
    this.#add(other);
    other.#add(this);
    return peer;
  }

  peers(): Peer[] {
    return [...this.#links.values()].map(({ peer }) => peer);
  }

  onPeer(listener: (event: PeerEvent) => void): void {
    this.#listeners.push(listener);
  }

  serve(method: string, handler: Handler): void {
    if (this.#handlers.has(method)) throw new LichenError("bad-argument", `${method} has a handler already`);
    this.#handlers.set(method, handler);
  }

  async *request(
    peerId: string,
    method: string,
    body: Uint8Array,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    signal?.throwIfAborted();
    const link = this.#links.get(peerId);
    if (link === undefined) throw lost(peerId);
    const back = link.network.#links.get(this.id);
    if (back === undefined) throw lost(peerId);
    assertFits(body, "a request");
    if (link.asked.size >= (this.#options.maxRequests ?? 1024)) {
      throw new LichenError("limit-exceeded", "the peer has as many requests as it takes", {
        retryable: true,
      });
    }
    const exchange = new Exchange((over) => {
      link.asked.delete(over);
      back.served.delete(over);
    });
    link.asked.add(exchange);
    back.served.add(exchange);
    void link.network.#answer(back.peer, method, body.slice(), exchange);
    yield* exchange.read(signal);
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    if (data.length > limits.offerBytes)
      throw new LichenError("limit-exceeded", "a gossiped message is too large");
    if (!this.#running)
      throw new LichenError("peer-unreachable", "the network is not running", { retryable: true });
    const heard = new Set<MemoryNetwork>([this]);
    // Grows while it is walked: a listener passes on what it hears.
    for (const at of heard) {
      for (const { network } of at.#links.values()) if (network.#topics.has(topic)) heard.add(network);
    }
    heard.delete(this);
    for (const network of heard) queueMicrotask(() => network.#hear(topic, data.slice(), this.id));
  }

  subscribe(topic: string, listener: (data: Uint8Array, from: string) => void): void {
    const listeners = this.#topics.get(topic);
    if (listeners === undefined) this.#topics.set(topic, new Set([listener]));
    else listeners.add(listener);
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic);
  }

  get #running(): boolean {
    return this.#hub.running.get(this.id) === this;
  }

  #verify(other: MemoryNetwork): Peer {
    const { chainId } = this.#options;
    const binding = other.#binding as PeerBinding;
    if (binding.chainId !== chainId) {
      throw new LichenError(
        "chain-mismatch",
        `one peer is on chain ${binding.chainId}, the other on ${chainId}`,
      );
    }
    verifyPeerBinding(binding);
    return { id: binding.peerId, account: binding.account, role: binding.role };
  }

  #add(other: MemoryNetwork): void {
    if (this.#links.has(other.id)) return;
    const peer = this.#verify(other);
    this.#links.set(other.id, { peer, network: other, asked: new Set(), served: new Set() });
    for (const listener of this.#listeners) listener({ type: "connected", peer });
  }

  #drop(peerId: string): void {
    const link = this.#links.get(peerId);
    if (link === undefined) return;
    this.#links.delete(peerId);
    for (const exchange of [...link.asked, ...link.served]) exchange.break(lost(peerId));
    for (const listener of this.#listeners) listener({ type: "disconnected", peer: link.peer });
  }

  async #answer(peer: Peer, method: string, body: Uint8Array, exchange: Exchange): Promise<void> {
    const handler = this.#handlers.get(method);
    const send = (item: Uint8Array): Promise<void> => {
      const sent = sendFitting(exchange, item);
      // A handler that sends without waiting must not bring the process down when the send fails.
      sent.catch(() => undefined);
      return sent;
    };
    try {
      if (handler === undefined) throw new LichenError("bad-message", `no such method: ${method}`);
      await handler({ peer, body, signal: exchange.signal }, send);
      exchange.end();
    } catch (error) {
      const { code, message, retryable } =
        error instanceof LichenError ? error : new LichenError("internal", "the peer failed");
      exchange.end(new LichenError(code, message, { retryable }));
    }
  }

  #hear(topic: string, data: Uint8Array, from: string): void {
    for (const listener of this.#topics.get(topic) ?? []) listener(data, from);
  }
}

async function sendFitting(exchange: Exchange, item: Uint8Array): Promise<void> {
  assertFits(item, "an item");
  await exchange.send(item);
}

function assertFits(bytes: Uint8Array, what: string): void {
  if (bytes.length <= limits.frameBytes - overheadBytes) return;
  throw new LichenError("limit-exceeded", `${what} is larger than a frame`, {
    details: `${bytes.length} bytes`,
  });
}

const lost = (peerId: string): LichenError =>
  new LichenError("peer-unreachable", `peer ${peerId}: not connected`, { retryable: true });
