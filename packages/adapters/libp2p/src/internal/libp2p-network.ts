import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import type { PrivateKey } from "@libp2p/interface";
import type { Clock, Handler, Network, Peer, PeerEvent, Signer } from "@lichen/ports";
import { LichenError, toLichenError } from "@lichen/kernel";
import type { Libp2pNetworkOptions } from "../network.ts";
import { parsePeerKey } from "../peer-key.ts";
import { Budget } from "./budget.ts";
import { Call } from "./call.ts";
import { dial, parseAddress, raceAbort, type Target } from "./dial.ts";
import { lost } from "./failure.ts";
import { Gossip } from "./gossip.ts";
import { makeHello, readHello } from "./hello.ts";
import { makeNode, startNode, type Node } from "./libp2p-node.ts";
import { Links, maxStreams, rpcProtocol } from "./links.ts";
import { PeerTable } from "./peer-table.ts";

type Components = { signer: Signer; clock: Clock };

type Running = { node: Node; links: Links };

const defaults = {
  listen: ["/ip4/127.0.0.1/tcp/0"],
  maxRequests: 1024,
  maxHeldBytes: 256 * 2 ** 20,
  helloTimeoutMs: 10_000,
  pingMs: 10_000,
};

export class Libp2pNetwork implements Network {
  readonly id: string;
  readonly #components: Components;
  readonly #options: Libp2pNetworkOptions & typeof defaults;
  readonly #privateKey: PrivateKey;
  readonly #handlers: Map<string, Handler> = new Map();
  readonly #table: PeerTable;
  readonly #gossip: Gossip;
  #running: Running | undefined;
  #started = false;
  #stopped = false;

  constructor(components: Components, options: Libp2pNetworkOptions) {
    this.#components = components;
    this.#options = { ...defaults, ...options, listen: [...(options.listen ?? defaults.listen)] };
    this.#privateKey = parsePeerKey(options.privateKey);
    this.id = peerIdFromPrivateKey(this.#privateKey).toString();
    this.#table = new PeerTable(this.id);
    this.#gossip = new Gossip(this.#onFault);
  }

  async start(): Promise<void> {
    if (this.#started) throw new LichenError("bad-argument", "a network starts once");
    this.#started = true;
    const { chainId, role, listen, maxHeldBytes } = this.#options;
    const links = new Links(this.#table, this.#components.clock, {
      ...this.#options,
      hello: await makeHello(this.#components.signer, chainId, this.id, role),
      readHello: (payload, authenticatedId) => readHello(payload, chainId, authenticatedId),
      handlers: this.#handlers,
      budget: new Budget(maxHeldBytes),
      onFault: this.#onFault,
    });
    const node = await makeNode(this.#privateKey, listen);
    await node.handle(rpcProtocol, (stream, connection) => links.accept(stream, connection), {
      maxInboundStreams: maxStreams,
    });
    node.addEventListener("connection:open", ({ detail }) => void links.expectHello(detail));
    await startNode(node);
    if (this.#stopped) return node.stop();
    this.#running = { node, links };
    this.#gossip.start(node.services.pubsub, (peerId) => this.#table.get(peerId) !== undefined);
    void links.keepAlive();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const running = this.#running;
    this.#running = undefined;
    this.#gossip.stop();
    running?.links.close(lost(this.id, "this node stops"));
    await running?.node.stop();
  }

  addresses(): string[] {
    return this.#running?.node.getMultiaddrs().map(String) ?? [];
  }

  async connect(address: string, signal?: AbortSignal): Promise<Peer> {
    signal?.throwIfAborted();
    const target = parseAddress(address);
    const known = target.peerId === undefined ? undefined : this.#table.get(target.peerId);
    if (known !== undefined) return known.peer;
    if (this.#running === undefined) throw lost(target.peerId ?? address, "this node is not running");
    return raceAbort(this.#reach(this.#running, target, signal), signal);
  }

  peers(): Peer[] {
    return this.#table.peers();
  }

  onPeer(listener: (event: PeerEvent) => void): void {
    this.#table.onPeer(listener);
  }

  serve(method: string, handler: Handler): void {
    if (this.#handlers.has(method)) throw new LichenError("bad-argument", `${method} has a handler already`);
    this.#handlers.set(method, handler);
  }

  request(peerId: string, method: string, body: Uint8Array, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const start = (call: Call): ReturnType<ConstructorParameters<typeof Call>[0]> => {
      const mux = this.#table.get(peerId)?.mux;
      if (mux === undefined) throw lost(peerId, "not connected");
      return mux.start(call, method, body);
    };
    return new Call(start, signal);
  }

  publish(topic: string, data: Uint8Array): Promise<void> {
    return this.#gossip.publish(topic, data);
  }

  subscribe(topic: string, listener: (data: Uint8Array, from: string) => void): void {
    this.#gossip.subscribe(topic, listener);
  }

  unsubscribe(topic: string): void {
    this.#gossip.unsubscribe(topic);
  }

  async #reach({ node, links }: Running, target: Target, signal: AbortSignal | undefined): Promise<Peer> {
    const before = node.getConnections();
    const connection = await dial(node, target, signal);
    try {
      return await links.open(connection);
    } catch (error) {
      // A connection found rather than made may be one that the other side is just closing.
      if (!before.includes(connection) || toLichenError(error).code !== "peer-unreachable") throw error;
      connection.abort(error as Error);
      return links.open(await dial(node, target, signal));
    }
  }

  readonly #onFault = (peerId: string, error: LichenError): void =>
    this.#options.onFault?.({ peerId, error });
}
