import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { LichenError } from "@lichen/kernel";
import type { Clock } from "@lichen/ports";
import { createRpc, type Rpc } from "./rpc.ts";

/** What anvil says on its way down is short; more is cut off. */
const maxStderrChars = 4096;
const startTimeoutMs = 30_000;
const readyPollMs = 10;
/** A snapshot of a large state takes a while to be put together. */
const rpcTimeoutMs = 60_000;
/** Blocks whose transactions are kept; older ones still count, their receipts and events are gone. */
const keptTransactionBlocks = 20_000;
/** Old states kept in memory. Nobody asks for the past; anvil would write more to disk otherwise. */
const keptStates = 16;
/** The least that EIP-1559 lets a base fee fall to: gas is nearly free. */
const baseFeeWei = 7;

/** Only this machine may reach the chain: whoever reaches it can give itself money. */
export const anvilHost = "127.0.0.1";

/** A running anvil. */
export type Anvil = {
  pid: number;
  rpcUrl: string;
  rpc: Rpc;
  /** Resolves when the process has ended, with the last it said. */
  exited: Promise<{ code: number | null; signal: string | null; stderr: string }>;
  /** Ends the process at once; state not dumped is lost. */
  kill(): Promise<void>;
};

/**
 * Path of anvil's native binary. npm's wrapper is left alone, since killing it leaves the real one running.
 * @throws {LichenError} `unsupported-platform` where the package is not installed
 */
export function anvilPath(): string {
  try {
    return createRequire(import.meta.url).resolve("@foundry-rs/anvil-linux-amd64/bin/anvil");
  } catch (cause) {
    throw new LichenError("unsupported-platform", "anvil is not installed for this platform", {
      details: `${process.platform} ${process.arch}`,
      remedy: "The local chain runs on Linux x64; elsewhere give the RPC address of a chain.",
      cause,
    });
  }
}

/** The argument by which a home's anvil is known among all processes, with the value after it. */
export const homeFlag = "--cache-path";

/**
 * Starts anvil and waits until it answers. A process group of its own keeps Ctrl-C in a terminal from
 * ending it before its state was dumped.
 * @throws {LichenError} `port-in-use`; `state-invalid` where it refuses the state it was given
 */
export async function startAnvil(
  { clock }: { clock: Clock },
  options: { port: number; chainId: number; home: string; statePath: string | undefined },
): Promise<Anvil> {
  const { port, chainId, home, statePath } = options;
  await assertPortFree(port);
  const args = [
    ["--host", anvilHost],
    ["--port", port],
    ["--chain-id", chainId],
    ["--accounts", 0],
    ["--base-fee", baseFeeWei],
    ["--disable-min-priority-fee"],
    ["--transaction-block-keeper", keptTransactionBlocks],
    ["--prune-history", keptStates],
    [homeFlag, home],
    ["--no-cors"],
    ["--quiet"],
    statePath === undefined ? [] : ["--load-state", statePath],
  ];
  const child = spawn(anvilPath(), args.flat().map(String), {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-maxStderrChars);
  });
  const exited = new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, stderr: error.message }));
    child.once("close", (code, signal) => resolve({ code, signal, stderr: stderr.trim() }));
  });
  const rpcUrl = `http://${anvilHost}:${port}`;
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const rpc = createRpc({ clock }, { urls: [rpcUrl], timeoutMs: rpcTimeoutMs });
  const probe = createRpc({ clock }, { urls: [rpcUrl], timeoutMs: rpcTimeoutMs, attempts: 1 });
  const deadlineMs = clock.nowMs() + startTimeoutMs;
  let ended: Awaited<typeof exited> | undefined;
  void exited.then((exit) => (ended = exit));
  for (;;) {
    const seen = await probe.call("eth_chainId").catch(() => undefined);
    if (ended !== undefined) throw startFailed(ended, port);
    if (seen === `0x${chainId.toString(16)}`) return { pid: child.pid as number, rpcUrl, rpc, exited, kill };
    if (seen !== undefined || clock.nowMs() > deadlineMs) {
      await kill();
      if (seen !== undefined) throw portInUse(port, `chain ${Number(seen)} answers there`);
      throw new LichenError("chain-unavailable", "the local chain did not start in time", {
        details: stderr,
      });
    }
    await clock.sleep(readyPollMs);
  }
}

/** A free port, for callers that do not mind which. */
export async function freePort(): Promise<number> {
  return listen(0);
}

async function assertPortFree(port: number): Promise<void> {
  try {
    await listen(port);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EADDRINUSE")
      throw portInUse(port, "the address is taken", cause);
    throw new LichenError("bad-argument", `cannot listen on port ${port}`, { details: String(cause), cause });
  }
}

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, anvilHost, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}

function startFailed(
  { code, signal, stderr }: { code: number | null; signal: string | null; stderr: string },
  port: number,
): LichenError {
  if (stderr.includes("Address already in use")) return portInUse(port, stderr);
  return new LichenError("state-invalid", "the local chain ended while it started", {
    details: `${signal ?? `exit code ${code}`}: ${stderr}`,
  });
}

function portInUse(port: number, details: string, cause?: unknown): LichenError {
  return new LichenError("port-in-use", `port ${port} is used by another process`, {
    details,
    remedy: `End the process that listens there (\`ss -ltnp 'sport = :${port}'\` names it) or choose another port.`,
    cause,
  });
}
