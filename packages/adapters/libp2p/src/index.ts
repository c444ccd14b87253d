export { createLibp2pNetwork, type Libp2pNetworkOptions, type NetworkFault } from "./network.ts";
export { generatePeerKey, peerIdOfKey } from "./peer-key.ts";
