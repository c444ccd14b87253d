import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createEvmLedger } from "@lichen/adapter-evm";
import { createLibp2pNetwork, generatePeerKey } from "@lichen/adapter-libp2p";
import { openSqliteStore } from "@lichen/adapter-sqlite";
import { openKeyFile, systemClock as clock } from "@lichen/adapter-system";
import type { Ledger, Log, Network, Signer, Store } from "@lichen/ports";
import type { Role } from "@lichen/wire";
import { writeAtomic } from "../home/write-atomic.ts";
import type { BaseConfig, ChainInfo } from "./contract.ts";

/** What a node has before there is a chain. */
export type Node = { signer: Signer; store: Store; peerKey: Uint8Array };

/** Opens a node's keys and state. */
export async function openNode(
  { name, keys }: BaseConfig,
  dir: string,
  undo: AsyncDisposableStack,
): Promise<Node> {
  const [signer, store, peerKey] = await Promise.all([
    openKeyFile(join(keys, `${name}.key`)),
    openSqliteStore(join(dir, "state.db")),
    openPeerKey(join(keys, `${name}.peer`)),
  ]);
  undo.defer(() => store.close());
  return { signer, store, peerKey };
}

/** A chain that mines on demand makes a block when its time is asked for and the newest is older than this. */
const heartbeatMs = 5_000;

/** Connects a node to its chain and prepares its network, which the service starts. */
export async function joinChain(
  { signer, store, peerKey }: Node,
  { rpcUrl, deployment, token }: ChainInfo,
  role: Role,
  log: Log,
  undo: AsyncDisposableStack,
): Promise<{ ledger: Ledger; network: Network }> {
  const ledger = createEvmLedger(
    { signer, store, clock, log },
    { rpcUrls: [rpcUrl], deployment, token, heartbeatMs },
  );
  undo.defer(() => ledger.stop());
  await ledger.start();
  const { chainId } = deployment;
  const network = createLibp2pNetwork(
    { signer, clock },
    {
      chainId,
      role,
      privateKey: peerKey,
      onFault: ({ peerId, error: { code, message } }) => log("warn", "peer.fault", { peerId, code, message }),
    },
  );
  return { ledger, network };
}

async function openPeerKey(path: string): Promise<Uint8Array> {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const key = await generatePeerKey();
    writeAtomic(path, key);
    return key;
  }
}
