import type { Hex } from "@lichen/kernel";
import type { Role } from "@lichen/wire";

/** A connected peer whose ledger account has been verified. */
export type Peer = { id: string; account: Hex; role: Role };

/** A request from a peer. */
export type Incoming = {
  peer: Peer;
  body: Uint8Array;
  /** Aborts when the peer cancels, disconnects, or this node stops. */
  signal: AbortSignal;
};

/**
 * Answers a request: sends any number of items, then returns. `send` resolves when there is room for
 * more, so a slow reader slows its own answer down and nobody else's. A throw reaches the caller as
 * the same `LichenError` code and message; anything else as `internal`, without its text.
 */
export type Handler = (request: Incoming, send: (item: Uint8Array) => Promise<void>) => Promise<void>;

/** Who came or left. */
export type PeerEvent = { type: "connected" | "disconnected"; peer: Peer };

/**
 * Peers and what they say to each other: requests with streamed answers over one long-lived
 * connection a pair, and gossip on topics.
 */
export interface Network {
  /** This node's peer id. */
  readonly id: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Addresses that others can dial, this peer's id included. Known after `start`. */
  addresses(): string[];
  /**
   * Connects, or finds the connection that exists.
   * @throws {LichenError} `peer-unreachable`, `bad-signature`, `version-unsupported`, `chain-mismatch`
   */
  connect(address: string, signal?: AbortSignal): Promise<Peer>;
  /** Those connected now. */
  peers(): Peer[];
  onPeer(listener: (event: PeerEvent) => void): void;
  /** Answers requests of a method. One handler a method; set before `start`. */
  serve(method: string, handler: Handler): void;
  /**
   * Asks a connected peer; yields the items of its answer. Leaving the iteration, or aborting
   * `signal`, cancels the request at the other end.
   * @throws {LichenError} `peer-unreachable` when the connection is or gets lost; whatever the handler threw
   */
  request(peerId: string, method: string, body: Uint8Array, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Says something on a topic to the peers that listen; nobody listening is no error. */
  publish(topic: string, data: Uint8Array): Promise<void>;
  /** Listens to a topic. Oversized and repeated messages are dropped before they get here. */
  subscribe(topic: string, listener: (data: Uint8Array, from: string) => void): void;
  unsubscribe(topic: string): void;
}
