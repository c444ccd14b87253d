import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createEvmLedger } from "@lichen/adapter-evm";
import { createLibp2pNetwork, generatePeerKey } from "@lichen/adapter-libp2p";
import { openSqliteStore } from "@lichen/adapter-sqlite";
import { openKeyFile, systemClock as clock } from "@lichen/adapter-system";
import type { Deployment, Ledger, Log, Network, Signer, Store, Token } from "@lichen/ports";
import type { Role } from "@lichen/wire";

/** What a process of the benchmark is told. */
export type NodeConfig = {
  dir: string;
  rpcUrl: string;
  deployment: Deployment;
  token: Token;
  delayMs: number;
};

/** Asks the parent for money, then builds a node of real parts: SQLite on disk, libp2p over TCP, the chain by RPC. */
export async function openNode(
  { dir, rpcUrl, deployment, token }: NodeConfig,
  role: Role,
): Promise<{ store: Store; signer: Signer; ledger: Ledger; network: Network }> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const signer = await openKeyFile(join(dir, "key"));
  await tell({ fund: signer.address });
  const store = await openSqliteStore(join(dir, "state.db"));
  const ledger = createEvmLedger(
    { signer, store, clock, log },
    { rpcUrls: [rpcUrl], deployment, token, heartbeatMs: 5_000 },
  );
  await ledger.start();
  const privateKey = await generatePeerKey();
  const network = createLibp2pNetwork({ signer, clock }, { chainId: deployment.chainId, role, privateKey });
  return { store, signer, ledger, network };
}

/** Only what goes wrong is shown. */
export const log: Log = (level, event, fields) => {
  if (level !== "info") process.stderr.write(`${event} ${JSON.stringify(fields)}\n`);
};

/** Sends a message to the parent and waits for its answer. */
export async function tell(message: object): Promise<unknown> {
  const answer = new Promise((resolve) => process.once("message", resolve));
  process.send?.(message);
  return answer;
}

/** Answers the parent's later questions: how much processor time has this process used? */
export function serveUsage(): void {
  process.on("message", (message) => {
    if (message !== "cpu") return;
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuUs: user + system });
  });
}

/** The first message from the parent. */
export async function configured(): Promise<NodeConfig> {
  process.once("disconnect", () => process.exit(0));
  return new Promise((resolve) => process.once("message", (config) => resolve(config as NodeConfig)));
}
