import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployLocal, startLocalChain } from "@lichen/adapter-evm";
import { systemClock as clock, systemRandom as random } from "@lichen/adapter-system";
import Table from "cli-table3";
import { load, type Load } from "./gateway/load.ts";
import { log } from "./gateway/node.ts";

/**
 * What the whole way costs: gateway and provider in processes of their own, libp2p over TCP, SQLite,
 * vouchers and a chain, against the same constant-delay engine behind a bare HTTP server.
 */
const delayMs = 2;
const seconds = Number(process.argv[2] ?? 8);

/** `BENCH_PROFILE=DIR` leaves a CPU profile of each process there. */
const profileDir = process.env["BENCH_PROFILE"];
const profiling = profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];

const dir = await mkdtemp(join(tmpdir(), "lichen-bench-"));
const chain = await startLocalChain({ clock, random, log }, { dir: join(dir, "chain"), port: 0 });
const local = await deployLocal({ chain, clock });
const children = new Map<string, ChildProcess>();

async function start(name: "provider" | "gateway" | "direct"): Promise<number> {
  const child = fork(join(import.meta.dirname, "gateway", `${name}.ts`), {
    execArgv: profiling,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.set(name, child);
  const { deployment, token } = local;
  child.send({ dir: join(dir, name), rpcUrl: chain.rpcUrl, deployment, token, delayMs });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => code !== 0 && reject(new Error(`${name} ended with ${code}`)));
    const answer = async (message: { fund?: `0x${string}`; ready?: true; port?: number }): Promise<void> => {
      if (message.fund !== undefined)
        await local.faucet(message.fund, { tokenUnits: 10n ** 12n, nativeWei: 10n ** 20n });
      if (message.ready === true) resolve(message.port ?? 0);
      child.send({});
    };
    child.on("message", (message) => void answer(message as Parameters<typeof answer>[0]).catch(reject));
  });
}

/** Processor time that a child has used so far, in microseconds. */
async function cpuUs(name: string): Promise<number> {
  const child = children.get(name) as ChildProcess;
  const answer = new Promise<number>((resolve) => {
    const hear = (message: { cpuUs?: number }): void => {
      if (message.cpuUs === undefined) return;
      child.off("message", hear);
      resolve(message.cpuUs);
    };
    child.on("message", hear);
  });
  child.send("cpu");
  return answer;
}

/** A child leaves when its parent is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.disconnect();
  const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await ended;
  clearTimeout(late);
}

async function warm(port: number): Promise<void> {
  await load(port, 1, 1); // channel opened, first windows paid
  await load(port, 64, 3); // credit grown, code compiled
}

try {
  const [direct] = await Promise.all([start("direct"), start("provider")]);
  const gateway = await start("gateway");
  await warm(direct);
  await warm(gateway);
  const rows: [string, number, Load, string][] = [];
  const measure = async (path: "direct" | "gateway", port: number, clients: number): Promise<Load> => {
    const names = path === "direct" ? ["direct"] : ["gateway", "provider"];
    const before = await Promise.all(names.map(cpuUs));
    const result = await load(port, clients, seconds);
    const after = await Promise.all(names.map(cpuUs));
    const each = after.map((us, i) => (us - (before[i] as number)) / (result.rps * seconds));
    rows.push([path, clients, result, each.map((us) => us.toFixed(0)).join(" + ")]);
    return result;
  };
  const directC1 = await measure("direct", direct, 1);
  const c1 = await measure("gateway", gateway, 1);
  const directC32 = await measure("direct", direct, 32);
  const c32 = await measure("gateway", gateway, 32);
  const c256 = await measure("gateway", gateway, 256);

  const table = new Table({
    head: ["path", "clients", "requests/s", "p50 ms", "p99 ms", "cpu us/request", "failures"],
    style: { head: [], border: [] },
  });
  for (const [name, clients, { rps, p50Ms, p99Ms, failures }, us] of rows) {
    table.push([name, clients, rps.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2), us, failures]);
  }
  console.log(table.toString());
  console.log(
    `engine delay ${delayMs} ms, ${seconds} s a row; load generator, gateway, provider and chain share this machine's cores`,
  );
  console.log("added: gateway minus direct with one client, where nothing waits in line");
  const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
  console.log(
    JSON.stringify({
      rpsC1: round(c1.rps),
      rpsC32: round(c32.rps),
      rpsC256: round(c256.rps),
      directRpsC32: round(directC32.rps),
      addedMsP50: round(c1.p50Ms - directC1.p50Ms, 2),
      addedMsP99: round(c1.p99Ms - directC1.p99Ms, 2),
    }),
  );
  if (rows.some(([, , { failures }]) => failures > 0)) process.exitCode = 1;
} finally {
  await Promise.all([...children.values()].map(end));
  await chain.stop();
  await rm(dir, { recursive: true, force: true });
}
