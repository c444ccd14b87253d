import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { LichenError, toLichenError } from "@lichen/kernel";
import type { Clock, Log, Random, Signer } from "@lichen/ports";
import { anvilPath, freePort, homeFlag, startAnvil, type Anvil } from "./internal/anvil.ts";
import { dumpState } from "./internal/dump-state.ts";
import { leaveHome, openIdentity, readDeployment, takeHome } from "./internal/home.ts";
import { findProcesses, runs, type ProcessRecord } from "./internal/processes.ts";
import { createRpc } from "./internal/rpc.ts";
import { newestSnapshot, saveSnapshot } from "./internal/snapshots.ts";

const defaultSnapshotEveryMs = 2_000;
/** Dumping may take this share of the chain's time at most; a larger state is saved less often. */
const snapshotShare = 0.1;
/** An orphan gets this long to tell its state before it is ended. */
const orphanAnswerMs = 5_000;
const orphanEndMs = 5_000;
const orphanPollMs = 10;

/** A chain of one's own on this machine. */
export type LocalChain = {
  dir: string;
  rpcUrl: string;
  chainId: number;
  /** The anvil process. */
  pid: number;
  /** Owns the contracts; its key lies in the home, readable by its owner only. */
  deployer: Signer;
  /** Resolves when everything mined so far survives `kill -9`. */
  snapshot: () => Promise<void>;
  /** Resolves, with why, when the chain ends without `stop`: start it again. */
  failed: Promise<LichenError>;
  /** Saves the state and ends the process. */
  stop: () => Promise<void>;
};

/**
 * Starts an anvil whose chain outlives it. The state is saved every few seconds where something
 * changed and on `stop`; `kill -9` of everything loses at most what came since, which ledgers send
 * again. An anvil that outlived its owner is asked for its state and ended.
 *
 * @param options.dir the chain's home; random identity, snapshots, record of the owner
 * @param options.port where to listen on loopback; 0 takes a free one
 * @param options.snapshotEveryMs least time between two snapshots, default 2,000
 * @throws {LichenError} `port-in-use`; `state-invalid` where the home cannot be read or somebody else
 *   runs it; `unsupported-platform`; `chain-unavailable`
 *
 * @example
 * const chain = await startLocalChain({ clock, random, log }, { dir: "/home/me/.lichen/chain", port: 8545 });
 * const { deployment, faucet } = await deployLocal({ chain, clock }, {});
 * await chain.stop();
 */
export async function startLocalChain(
  components: { clock: Clock; random: Random; log: Log },
  options: { dir: string; port: number; snapshotEveryMs?: number },
): Promise<LocalChain> {
  const { port, snapshotEveryMs = defaultSnapshotEveryMs } = options;
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const dir = await realpath(options.dir);
  await takeHome(dir);
  try {
    return await run(components, { dir, port: port === 0 ? await freePort() : port, snapshotEveryMs });
  } catch (error) {
    await leaveHome(dir);
    throw error;
  }
}

async function run(
  components: { clock: Clock; random: Random; log: Log },
  { dir, port, snapshotEveryMs }: { dir: string; port: number; snapshotEveryMs: number },
): Promise<LocalChain> {
  const { clock, log } = components;
  const { chainId, deployer } = await openIdentity(dir, components);
  await endOrphans(components, { dir, chainId });
  const anvil = await startFromSnapshot(components, { dir, chainId, port });

  const { rpc, pid, rpcUrl } = anvil;
  const stopping = new AbortController();
  let savedBlock = await rpc.call("eth_blockNumber");
  let saving = Promise.resolve();
  const save = (keepPaused: boolean): Promise<void> => {
    const next = saving.then(async () => {
      const block = await rpc.call("eth_blockNumber");
      await saveSnapshot(dir, await dumpState({ rpc, clock }, keepPaused));
      savedBlock = block;
    });
    saving = next.catch(() => undefined);
    return next;
  };

  const saveWhatChanges = async (): Promise<void> => {
    let pauseMs = snapshotEveryMs;
    while (!stopping.signal.aborted) {
      await clock.sleep(pauseMs, stopping.signal);
      if ((await rpc.call("eth_blockNumber", [], stopping.signal)) === savedBlock) continue;
      const startMs = clock.nowMs();
      await save(false);
      pauseMs = Math.max(snapshotEveryMs, (clock.nowMs() - startMs) / snapshotShare);
    }
  };
  let ended = false;
  let stopped: Promise<void> | undefined;
  const failed = new Promise<LichenError>((resolve) => {
    const fail = (message: string, details: string, cause?: unknown): void => {
      if (stopped !== undefined) return;
      log("error", "chain.failed", { details });
      resolve(new LichenError("chain-unavailable", message, { details, cause, retryable: true }));
    };
    void anvil.exited.then(({ code, signal, stderr }) => {
      ended = true;
      stopping.abort();
      fail("the local chain's process ended", `${signal ?? `exit code ${code}`} ${stderr}`);
    });
    // A full disk ends here too: better no chain than one that forgets silently.
    saveWhatChanges().catch((error: unknown) => {
      if (!stopping.signal.aborted)
        fail("the local chain cannot be saved", toLichenError(error).message, error);
    });
  });

  const stop = async (): Promise<void> => {
    stopping.abort();
    try {
      if (!ended) await save(true);
    } finally {
      await anvil.kill();
      await leaveHome(dir);
    }
  };
  log("info", "chain.started", { chainId, rpcUrl, pid, block: Number(savedBlock) });
  return {
    dir,
    rpcUrl,
    chainId,
    pid,
    deployer,
    snapshot: () => save(false),
    failed,
    stop: () => (stopped ??= stop()),
  };
}

type Home = { dir: string; chainId: number };

async function startFromSnapshot(
  { clock, log }: { clock: Clock; log: Log },
  { dir, chainId, port }: Home & { port: number },
): Promise<Anvil> {
  const statePath = join(dir, "loading.json");
  for (;;) {
    const snapshot = await newestSnapshot(dir, log);
    if (snapshot === undefined && (await readDeployment(dir)) !== undefined) {
      throw new LichenError("state-invalid", "the local chain's snapshots are gone", {
        details: dir,
        remedy: "Start over with an empty home: `lichen reset`.",
      });
    }
    try {
      if (snapshot !== undefined) await writeFile(statePath, snapshot.json, { mode: 0o600 });
      const home = join(dir, "cache");
      return await startAnvil({ clock }, { port, chainId, home, statePath: snapshot && statePath });
    } catch (error) {
      // Each round sets one of the few snapshots aside, so this ends.
      if (snapshot === undefined || !(error instanceof LichenError) || error.code !== "state-invalid")
        throw error;
      await snapshot.setAside(`${error.message}: ${error.details}`);
    } finally {
      await rm(statePath, { force: true });
    }
  }
}

/** Ends what a killed owner left running, after saving what only it knows. */
async function endOrphans({ clock, log }: { clock: Clock; log: Log }, { dir, chainId }: Home): Promise<void> {
  const home = join(dir, "cache");
  const orphans = await findProcesses((argv) => isAnvil(argv) && valueOf(argv, homeFlag) === home);
  for (const orphan of orphans) {
    const url = `http://${valueOf(orphan.argv, "--host")}:${valueOf(orphan.argv, "--port")}`;
    const rpc = createRpc({ clock }, { urls: [url], timeoutMs: orphanAnswerMs, attempts: 1 });
    let saved = false;
    try {
      if (Number(await rpc.call("eth_chainId")) === chainId) {
        await saveSnapshot(dir, await dumpState({ rpc, clock }, true));
        saved = true;
      }
    } catch (error) {
      log("warn", "chain.orphan-silent", { pid: orphan.pid, cause: String(error) });
    }
    await end(orphan, clock);
    log("warn", "chain.orphan-ended", { pid: orphan.pid, saved });
  }
}

const isAnvil = (argv: readonly string[]): boolean => basename(argv[0] ?? "") === basename(anvilPath());
const valueOf = (argv: readonly string[], flag: string): string | undefined =>
  argv.includes(flag) ? argv[argv.indexOf(flag) + 1] : undefined;

async function end(record: ProcessRecord, clock: Clock): Promise<void> {
  if (await runs(record)) process.kill(record.pid, "SIGKILL");
  const deadlineMs = clock.nowMs() + orphanEndMs;
  while (await runs(record)) {
    if (clock.nowMs() > deadlineMs) {
      throw new LichenError("state-invalid", "an old process of the local chain cannot be ended", {
        details: `process ${record.pid}`,
        remedy: `kill -9 ${record.pid}`,
      });
    }
    await clock.sleep(orphanPollMs);
  }
}
