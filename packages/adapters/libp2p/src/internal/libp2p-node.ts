import { LichenError } from "@lichen/kernel";
import { createLibp2p, type Libp2p } from "libp2p";
import { noise } from "@libp2p/noise";
import { yamux } from "@libp2p/yamux";
import { identify, type Identify } from "@libp2p/identify";
import { tcp } from "@libp2p/tcp";
import type { GossipSub } from "@libp2p/gossipsub";
import type { PrivateKey } from "@libp2p/interface";
import { gossipService } from "./gossip.ts";

export type Node = Libp2p<{ identify: Identify; pubsub: GossipSub }>;

/** Connections at a time; the least useful go first. */
const maxConnections = 1000;
/** New connections a second from one host, which may hold many nodes. */
const inboundPerSecond = 100;
/** Connections in their handshake at a time. */
const maxPending = 100;

/** A libp2p node over TCP, not started. Liveness is watched by the links themselves. */
export function makeNode(privateKey: PrivateKey, listen: readonly string[]): Promise<Node> {
  return createLibp2p({
    start: false,
    privateKey,
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections,
      inboundConnectionThreshold: inboundPerSecond,
      maxIncomingPendingConnections: maxPending,
    },
    services: { identify: identify(), pubsub: gossipService },
  });
}

/**
 * Starts a node and leaves nothing behind where that fails.
 * @throws {LichenError} `port-in-use`, `bad-argument` where an address cannot be listened on
 */
export async function startNode(node: Node): Promise<void> {
  try {
    await node.start();
  } catch (cause) {
    await node.stop();
    const details = cause instanceof Error ? cause.message : String(cause);
    if (details.includes("EADDRINUSE"))
      throw new LichenError("port-in-use", "the peer-to-peer port is taken", { details, cause });
    throw new LichenError("bad-argument", "cannot listen", { details, cause });
  }
}
