import type { Clock, Network, Signer } from "@lichen/ports";
import type { LichenError } from "@lichen/kernel";
import type { Role } from "@lichen/wire";
import { Libp2pNetwork } from "./internal/libp2p-network.ts";

/** Something a peer did wrong, or a defect a peer's request uncovered. */
export type NetworkFault = { peerId: string; error: LichenError };

export type Libp2pNetworkOptions = {
  chainId: number;
  role: Role;
  /** libp2p private key, protobuf; see `generatePeerKey`. */
  privateKey: Uint8Array;
  /** Multiaddrs to listen on. Default `/ip4/127.0.0.1/tcp/0`: this machine only, a free port. */
  listen?: readonly string[];
  /** Requests in flight on a connection, per direction. Default 1,024. */
  maxRequests?: number;
  /** Bytes of unread items and running requests' bodies, over all connections. Default 256 MiB. */
  maxHeldBytes?: number;
  /** Time for a new connection to say who it is. Default 10,000. */
  helloTimeoutMs?: number;
  /** Interval of the keep-alive; a peer without a sign of life for three of them is dropped. Default 10,000. */
  pingMs?: number;
  /** Told of each fault; the connection at fault is closed already. */
  onFault?: (fault: NetworkFault) => void;
};

/**
 * The network over js-libp2p: TCP, noise, yamux, gossipsub. All requests between two peers share one
 * long-lived stream (`/lichen/rpc/1`), see `internal/frame.ts` for its format.
 *
 * @throws {LichenError} `bad-argument` where the key is none
 * @example
 * const network = createLibp2pNetwork({ signer, clock }, { chainId: 31337, role: "provider", privateKey });
 * network.serve("echo", async ({ body }, send) => send(body));
 * await network.start();
 */
export function createLibp2pNetwork(
  components: { signer: Signer; clock: Clock },
  options: Libp2pNetworkOptions,
): Network {
  return new Libp2pNetwork(components, options);
}
