import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { LichenError } from "@lichen/kernel";
import type { Clock, Log, Signer, Store } from "@lichen/ports";
import { createMemorySigner, createMemoryStore, createSeededRandom } from "@lichen/ports/memory";
import { createEvmLedger, type EvmLedgerOptions } from "../create-evm-ledger.ts";
import { deployLocal, type LocalDeployment } from "../deploy-local.ts";
import { startLocalChain, type LocalChain } from "../start-local-chain.ts";

/** This machine's clock, for tests with real processes. */
export const realClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(done, ms);
      function done(): void {
        signal?.removeEventListener("abort", aborted);
        resolve();
      }
      function aborted(): void {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      }
      signal?.addEventListener("abort", aborted, { once: true });
    }),
};

export const silentLog: Log = () => {};

/** A signer by number. */
export const signerOf = (seed: number): Signer => createMemorySigner(new Uint8Array(32).fill(seed));

/** A home for one test, with the log of all that starts there. */
export type Home = {
  dir: string;
  events: string[];
  start: (options?: { port?: number; snapshotEveryMs?: number }) => Promise<LocalChain>;
  /** Starts and deploys. */
  startDeployed: (options?: {
    port?: number;
    snapshotEveryMs?: number;
  }) => Promise<LocalChain & LocalDeployment>;
};

/** Makes a home; what was started in it is stopped, and all removed, after the test. */
export async function makeHome(t: TestContext, seed = 1): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), "lichen-evm-"));
  const started: LocalChain[] = [];
  const events: string[] = [];
  const random = createSeededRandom(seed);
  t.after(async () => {
    for (const chain of started) await chain.stop();
    await rm(dir, { recursive: true });
  });
  const start: Home["start"] = async (options = {}) => {
    const components = {
      clock: realClock,
      random,
      log: ((_level, event) => events.push(event)) satisfies Log,
    };
    const chain = await startLocalChain(components, { dir, port: 0, ...options });
    started.push(chain);
    return chain;
  };
  const startDeployed: Home["startDeployed"] = async (options) => {
    const chain = await start(options);
    return { ...chain, ...(await deployLocal({ chain, clock: realClock })) };
  };
  return { dir, events, start, startDeployed };
}

/** Ends a chain the hard way; resolves when it is gone. */
export async function killChain(chain: LocalChain): Promise<void> {
  process.kill(chain.pid, "SIGKILL");
  await chain.failed;
}

/** A started ledger of an account with money, stopped after the test. */
export async function startLedger(
  t: TestContext,
  chain: LocalChain & LocalDeployment,
  options: { signer?: Signer; store?: Store; log?: Log } & Partial<EvmLedgerOptions> = {},
): Promise<ReturnType<typeof createEvmLedger>> {
  const { signer = signerOf(2), store = createMemoryStore(), log = silentLog, ...rest } = options;
  await chain.faucet(signer.address, { tokenUnits: 1_000_000n, nativeWei: 10n ** 18n });
  const { deployment, token, rpcUrl } = chain;
  const ledger = createEvmLedger(
    { signer, store, clock: realClock, log },
    { rpcUrls: [rpcUrl], deployment, token, ...rest },
  );
  t.after(() => ledger.stop());
  await ledger.start();
  return ledger;
}

/** A predicate for `assert.rejects`. */
export const withCode =
  (code: string, details: RegExp = /(?:)/) =>
  (error: unknown): boolean =>
    error instanceof LichenError && error.code === code && details.test(error.details ?? "");
